import { SegmentedControl } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { ChatterService, FileService, type Subtype } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import { useText } from "../intl/intl.tsx";
import { Empty, Failure, RowSkeletons } from "../ui/states.tsx";
import { Conversation } from "./conversation.tsx";
import { FileTiles } from "./files.tsx";
import { Followers } from "./followers.tsx";
import classes from "./thread.module.css";

interface ChatterProps {
  threadId: string;
  seq?: number;
  subtypes: Subtype[];
  linkTo: (seq: bigint) => string;
}

/** The conversation on a record: messages, files, and who follows. */
export function Chatter({ threadId, seq, subtypes, linkTo }: ChatterProps) {
  const t = useText();
  const [tab, setTab] = useState("messages");
  const { data } = useQuery(ChatterService.method.getThread, { threadId });
  const followers = data?.thread?.followerCount ?? 0;
  return (
    <section className={classes.thread} aria-label={t("chatter.label")}>
      <div className={classes.tabs}>
        <SegmentedControl
          size="xs"
          value={tab}
          onChange={setTab}
          data={[{ value: "messages", label: t("chatter.messages") }, { value: "files", label: t("chatter.files") }]}
          aria-label={t("chatter.label")}
        />
        <Followers threadId={threadId} subtypes={subtypes} />
      </div>
      {tab === "files" ? (
        <Files threadId={threadId} />
      ) : (
        <Conversation
          key={threadId}
          threadId={threadId}
          seq={seq}
          empty={t("chatter.empty")}
          audience={t("chatter.audience", { count: followers })}
          messageLabel={t("composer.message")}
          linkTo={linkTo}
        />
      )}
    </section>
  );
}

function Files({ threadId }: { threadId: string }) {
  const t = useText();
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage } = useInfiniteQuery(
    FileService.method.listFiles,
    { threadId, pageSize: 50, pageToken: "" },
    byPageToken,
  );
  if (isPending) return <RowSkeletons count={4} />;
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  const files = data.pages.flatMap((page) => page.files);
  if (files.length === 0) return <Empty text={t("chatter.noFiles")} />;
  return (
    <div
      className={classes.scroll}
      style={{ paddingInline: 16, display: "block" }}
      onScroll={({ currentTarget: box }) => {
        if (hasNextPage && box.scrollHeight - box.scrollTop - box.clientHeight < 300) void fetchNextPage();
      }}
    >
      <FileTiles files={files} />
    </div>
  );
}
