import { ActionIcon, Button, FileButton, Progress, Stack, Text, UnstyledButton } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery } from "@connectrpc/connect-query";
import { useWindowEvent } from "@mantine/hooks";
import { IconDownload, IconLock, IconTrash, IconUpload, IconX } from "@tabler/icons-react";
import { useCallback, useState } from "react";
import { useIntl } from "react-intl";
import { ChatterService, FileLinkKind, FileService, Role, type File as StoredFile } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import { useText } from "../intl/intl.tsx";
import { When } from "../intl/time.tsx";
import { isTyping } from "../keys/keys.tsx";
import { useServices } from "../services.tsx";
import { FileIcon, isPicture, sizeText, useLink, Viewer } from "../thread/files.tsx";
import { useFileDrop } from "../thread/use-file-drop.ts";
import { Dialog } from "../ui/dialog.tsx";
import { IconButton } from "../ui/header.tsx";
import { Empty, Failure, FailureLine, RowSkeletons, useFaultText } from "../ui/states.tsx";
import { VirtualList } from "../ui/virtual-list.tsx";
import { useAttach, type Attaching } from "./use-attach.ts";
import records from "./records.module.css";
import classes from "./side.module.css";

const ROW = 68;

/** The files of a record: what came with messages and what was added to it; drop or paste more. */
export function FilesPanel({ threadId }: { threadId: string }) {
  const t = useText();
  const attach = useAttach(threadId);
  const thread = useQuery(ChatterService.method.getThread, { threadId });
  const writable = thread.data?.thread?.canPost ?? false;
  const { over, handlers } = useFileDrop((files) => writable && attach.add(files));
  useWindowEvent("paste", (event) => {
    const files = event.clipboardData?.files;
    if (writable && files && files.length > 0 && !isTyping(event.target)) attach.add(files);
  });
  return (
    <div className={classes.files} {...handlers}>
      {writable && (
        <div className={classes.filesHead}>
          <FileButton multiple onChange={(files) => attach.add(files)}>
            {(props) => <Button variant="default" leftSection={<IconUpload size={15} />} {...props}>{t("files.add")}</Button>}
          </FileButton>
          <Text size="xs" c="dimmed" visibleFrom="sm">{t("files.hint")}</Text>
        </div>
      )}
      {attach.list.length > 0 && (
        <ul className={classes.uploads}>
          {attach.list.map((one) => <UploadRow key={one.key} one={one} onRetry={() => attach.retry(one)} onRemove={() => attach.remove(one.key)} />)}
        </ul>
      )}
      <List threadId={threadId} />
      {over && writable && <div className={classes.drop}>{t("files.drop")}</div>}
    </div>
  );
}

function UploadRow({ one, onRetry, onRemove }: { one: Attaching; onRetry: () => void; onRemove: () => void }) {
  const t = useText();
  const faultText = useFaultText();
  const name = one.source.name;
  return (
    <li className={classes.upload}>
      <Stack gap={2} flex={1} miw={0}>
        <Text truncate>{name}</Text>
        {one.fault ? (
          <Text size="xs" c="var(--mantine-color-error)" role="alert">{one.fault.reason === "FILE_TOO_LARGE" ? t("file.tooLarge") : faultText(one.fault)}</Text>
        ) : (
          <Progress size={4} value={(one.sent / Math.max(1, one.source.size)) * 100} aria-label={t("file.sending", { name })} />
        )}
      </Stack>
      {one.fault && <Button variant="default" onClick={onRetry}>{t("action.retry")}</Button>}
      <IconButton size="sm" label={t("file.remove", { name })} onClick={onRemove}><IconX size={15} /></IconButton>
    </li>
  );
}

function List({ threadId }: { threadId: string }) {
  const t = useText();
  const [shown, setShown] = useState<string>();
  const { data, error, isPending, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    FileService.method.listFiles,
    { threadId, pageSize: 50, pageToken: "" },
    { ...byPageToken, refetchOnMount: "always" },
  );
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, hasNextPage, isFetchingNextPage]);
  if (isPending) return <RowSkeletons count={4} height={ROW} />;
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  const files = data.pages.flatMap((page) => page.files);
  if (files.length === 0) return <Empty text={t("files.none")} />;
  const seen = files.filter((file) => isPicture(file) || file.hasPreview);
  const start = seen.findIndex((file) => file.id === shown);
  return (
    <>
      <VirtualList items={files} keyOf={(file) => file.id} height={ROW} label={t("chatter.files")} selected={-1} onEnd={more}>
        {(file) => <Row file={file} onOpen={seen.includes(file) ? () => setShown(file.id) : undefined} onDeleted={() => void refetch()} />}
      </VirtualList>
      {start >= 0 && <Viewer files={seen} start={start} onClose={() => setShown(undefined)} />}
    </>
  );
}

function Row({ file, onOpen, onDeleted }: { file: StoredFile; onOpen?: () => void; onDeleted: () => void }) {
  const t = useText();
  const intl = useIntl();
  const { me } = useServices();
  const [deleting, setDeleting] = useState(false);
  const { path } = useLink(file);
  const mine = file.author?.id === me.id || me.role === Role.ADMINISTRATOR;
  return (
    <div className={classes.file}>
      <Thumb file={file} onOpen={onOpen} />
      <div className={classes.fileText}>
        <Text truncate fw={550}>{file.name}</Text>
        <span className={classes.fileMeta}>
          {file.internal && <span className={classes.internal}><IconLock size={13} aria-hidden />{t("message.internal")}</span>}
          <span className="numeric">{sizeText(intl, Number(file.size))}</span>
          {file.author && <span>· {file.author.name}</span>}
          {file.createTime && <span>· <When at={file.createTime} /></span>}
        </span>
      </div>
      <ActionIcon component="a" variant="subtle" color="gray" href={path} download={file.name} aria-label={t("file.download", { name: file.name })} title={t("file.save")}>
        <IconDownload size={17} />
      </ActionIcon>
      {mine && <IconButton label={t("files.delete", { name: file.name })} onClick={() => setDeleting(true)}><IconTrash size={17} /></IconButton>}
      {deleting && <DeleteFile file={file} onClose={() => setDeleting(false)} onDeleted={onDeleted} />}
    </div>
  );
}

function Thumb({ file, onOpen }: { file: StoredFile; onOpen?: () => void }) {
  const t = useText();
  const [broken, setBroken] = useState(false);
  const { path, failed } = useLink(file, file.hasPreview ? FileLinkKind.PREVIEW : FileLinkKind.UNSPECIFIED);
  const drawn = (file.hasPreview || isPicture(file)) && path !== undefined && !failed && !broken;
  const inner = drawn ? <img src={path} alt="" loading="lazy" onError={() => setBroken(true)} /> : <FileIcon mediaType={file.mediaType} size={22} />;
  if (!onOpen) return <span className={classes.thumb}>{inner}</span>;
  return <UnstyledButton className={classes.thumb} onClick={onOpen} aria-label={t("file.view", { name: file.name })}>{inner}</UnstyledButton>;
}

function DeleteFile({ file, onClose, onDeleted }: { file: StoredFile; onClose: () => void; onDeleted: () => void }) {
  const t = useText();
  const remove = useMutation(FileService.method.deleteFile, {
    onSuccess: () => {
      onDeleted();
      onClose();
    },
  });
  return (
    <Dialog opened onClose={onClose} title={t("files.deleteAsk", { name: file.name })}>
      <Stack gap="md">
        <Text>{t("files.deleteHint")}</Text>
        {remove.error && <FailureLine error={remove.error} />}
        <div className={records.buttons}>
          <Button variant="default" data-autofocus onClick={onClose}>{t("action.cancel")}</Button>
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate({ fileId: file.id })}>{t("files.deleteSure")}</Button>
        </div>
      </Stack>
    </Dialog>
  );
}
