import { Button, Stack } from "@mantine/core";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { ChatterService, type Message } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import { When } from "../intl/time.tsx";
import { useText } from "../intl/intl.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Failure, RowSkeletons } from "../ui/states.tsx";
import { Body } from "./body.tsx";
import classes from "./message.module.css";

/** The texts that a message had before, for administrators. */
export function VersionsDialog({ message, opened, onClose }: { message: Message; opened: boolean; onClose: () => void }) {
  const t = useText();
  return (
    <Dialog opened={opened} onClose={onClose} title={t("versions.title")} size="lg">
      {opened && <Versions message={message} />}
    </Dialog>
  );
}

function Versions({ message }: { message: Message }) {
  const t = useText();
  const { data, error, refetch, hasNextPage, fetchNextPage } = useInfiniteQuery(
    ChatterService.method.listMessageVersions,
    { threadId: message.threadId, messageId: message.id, pageSize: 50, pageToken: "" },
    { ...byPageToken, staleTime: 0 },
  );
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <RowSkeletons count={2} />;
  return (
    <Stack gap="sm">
      {data.pages.flatMap((page) => page.versions).map((version) => (
        <div key={`${version.replaceTime?.seconds}.${version.replaceTime?.nanos}`} className={classes.version}>
          <div className={classes.versionHead}>{t("versions.replaced", { name: version.editor?.name ?? "" })} · <When at={version.replaceTime} /></div>
          <Body text={version.body} mentions={[]} format={message.format} />
        </div>
      ))}
      {hasNextPage && <Button variant="subtle" onClick={() => void fetchNextPage()}>{t("action.more")}</Button>}
    </Stack>
  );
}
