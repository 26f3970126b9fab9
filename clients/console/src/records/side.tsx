import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { topic } from "@parley/client";
import { useEffect } from "react";
import { ChatterService, type Record as ParleyRecord } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { Conversation } from "../thread/conversation.tsx";
import { WhatsAppButton } from "../thread/whatsapp-button.tsx";
import { FilesPanel } from "./files-panel.tsx";
import { Followers } from "./followers.tsx";
import { Planned } from "./planned.tsx";
import type { RecordPartProps } from "./record-page.tsx";
import classes from "./side.module.css";

/** What stands beside a record's form: its conversation or its files, and who follows. */
export function Side({ files, onFiles, ...props }: RecordPartProps & { files: boolean; onFiles: (on: boolean) => void }) {
  const t = useText();
  return (
    <section className={classes.side} aria-label={t("chatter.label")}>
      <div className={classes.head}>
        <SegmentedControl
          size="xs"
          value={files ? "files" : "messages"}
          onChange={(value) => onFiles(value === "files")}
          data={[{ value: "messages", label: t("chatter.messages") }, { value: "files", label: t("chatter.files") }]}
          aria-label={t("chatter.label")}
        />
        <span className={classes.push} />
        <WhatsAppButton threadId={props.record.id} />
        <Followers threadId={props.record.id} subtypes={props.type.subtypes} />
      </div>
      {files ? <RecordFiles record={props.record} /> : <Talk {...props} />}
    </section>
  );
}

/** The conversation with who follows on top, where that is all there is. */
export function RecordConversation(props: RecordPartProps) {
  const t = useText();
  return (
    <section className={classes.side} aria-label={t("chatter.label")}>
      <div className={classes.head}>
        <span className={classes.push} />
        <WhatsAppButton threadId={props.record.id} />
        <Followers threadId={props.record.id} subtypes={props.type.subtypes} />
      </div>
      <Talk {...props} />
    </section>
  );
}

function Talk({ type, record, seq, linkTo }: RecordPartProps) {
  const t = useText();
  const { data } = useQuery(ChatterService.method.getThread, { threadId: record.id });
  return (
    <>
      <Planned recordId={record.id} recordType={type.name} />
      <Conversation
        key={record.id}
        threadId={record.id}
        seq={seq}
        empty={t("chatter.empty")}
        audience={t("chatter.audience", { count: data?.thread?.followerCount ?? 0 })}
        messageLabel={t("composer.message")}
        linkTo={linkTo}
      />
    </>
  );
}

/** The files of a record, kept live without its conversation. */
export function RecordFiles({ record }: { record: ParleyRecord }) {
  useLiveThread(record.id);
  return <FilesPanel threadId={record.id} />;
}

/** Keeps a record live where its conversation is not shown. */
export function useLiveThread(threadId: string): void {
  const { engine } = useServices();
  useEffect(() => engine.watch(topic.thread(threadId)), [engine, threadId]);
}
