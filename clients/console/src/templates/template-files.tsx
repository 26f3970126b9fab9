import { createClient } from "@connectrpc/connect";
import { useMutation, useTransport } from "@connectrpc/connect-query";
import { Button, FileButton, Group, Progress, Text } from "@mantine/core";
import { upload } from "@parley/client";
import { IconPaperclip, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useIntl } from "react-intl";
import { FileService, type MessageTemplate } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Section } from "../settings/frame.tsx";
import settings from "../settings/settings.module.css";
import { sizeText } from "../thread/files.tsx";
import { IconButton } from "../ui/header.tsx";
import { FailureLine } from "../ui/states.tsx";

interface TemplateFilesProps {
  template: MessageTemplate;
  readOnly: boolean;
  onChanged: () => void;
}

/** The files that go with messages made of a template. */
export function TemplateFiles({ template, readOnly, onChanged }: TemplateFilesProps) {
  const t = useText();
  const intl = useIntl();
  const transport = useTransport();
  const [sending, setSending] = useState<{ name: string; part: number }>();
  const [error, setError] = useState<unknown>();
  const remove = useMutation(FileService.method.deleteFile, { onSuccess: onChanged });

  async function send(files: File[]): Promise<void> {
    setError(undefined);
    try {
      for (const file of files) {
        setSending({ name: file.name, part: 0 });
        // One after another: each is in parts already.
        // oxlint-disable-next-line no-await-in-loop -- see above
        await upload(createClient(FileService, transport), { threadId: template.id, name: file.name, data: file, attach: true, onProgress: (sent) => setSending({ name: file.name, part: sent / Math.max(1, file.size) }) });
      }
    } catch (reason) {
      setError(reason);
    } finally {
      setSending(undefined);
      onChanged();
    }
  }

  return (
    <Section title={t("template.filesTitle")}>
      {template.files.length > 0 && (
        <ul className={settings.rows}>
          {template.files.map((file) => (
            <li key={file.id} className={settings.item}>
              <IconPaperclip size={16} aria-hidden />
              <div className={settings.itemText}>
                <div className={settings.itemTitle}>{file.name}</div>
                <div className={settings.itemDetail}>{sizeText(intl, Number(file.size))}</div>
              </div>
              {!readOnly && <IconButton label={t("file.remove", { name: file.name })} loading={remove.isPending && remove.variables?.fileId === file.id} onClick={() => remove.mutate({ fileId: file.id })}><IconTrash size={16} /></IconButton>}
            </li>
          ))}
        </ul>
      )}
      {sending && <div><Text size="xs">{t("file.sending", { name: sending.name })}</Text><Progress value={sending.part * 100} size={4} /></div>}
      {(error ?? remove.error) !== undefined && (error ?? remove.error) !== null && <FailureLine error={error ?? remove.error} />}
      {!readOnly && (
        <Group>
          <FileButton multiple onChange={(files) => void send(files)}>
            {(props) => <Button {...props} variant="default" loading={sending !== undefined} disabled={template.files.length >= 20} leftSection={<IconPaperclip size={15} />}>{t("composer.attach")}</Button>}
          </FileButton>
        </Group>
      )}
    </Section>
  );
}
