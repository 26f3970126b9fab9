import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { Button, FileButton } from "@mantine/core";
import { IconPaperclip } from "@tabler/icons-react";
import { useState, useSyncExternalStore } from "react";
import { FileService } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Uploader, type Upload } from "../thread/upload.ts";
import { Uploads } from "../thread/uploads.tsx";

/** Files on their way to an activity. */
export interface Attachments {
  list: readonly Upload[];
  add: (files: File[]) => void;
  retry: (key: string) => void;
  remove: (key: string) => void;
  /** True while some are not with the server yet. */
  busy: boolean;
  fileIds: string[];
}

/** Sends files to a record's thread; colleagues alone may read them, as the activity itself. */
export function useAttachments(threadId: string): Attachments {
  const transport = useTransport();
  const [uploader] = useState(() => new Uploader(createClient(FileService, transport)));
  const list = useSyncExternalStore(uploader.subscribe, () => uploader.list(threadId, true));
  return {
    list,
    add: (files) => files.forEach((file) => uploader.add(threadId, true, file)),
    retry: (key) => uploader.retry(key),
    remove: (key) => uploader.remove(key),
    busy: list.some((one) => one.state !== "ready"),
    fileIds: list.flatMap((one) => (one.file ? [one.file.id] : [])),
  };
}

/** The files of a form, and a button to add some. */
export function AttachmentField({ attachments }: { attachments: Attachments }) {
  const t = useText();
  return (
    <div>
      <Uploads uploads={attachments.list} onRetry={attachments.retry} onRemove={attachments.remove} />
      <FileButton multiple onChange={attachments.add}>
        {(props) => <Button {...props} variant="subtle" color="gray" size="compact-xs" leftSection={<IconPaperclip size={14} />}>{t("composer.attach")}</Button>}
      </FileButton>
    </div>
  );
}
