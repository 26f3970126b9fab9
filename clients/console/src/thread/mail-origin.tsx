import { Skeleton, Stack, Text, UnstyledButton } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { IconChevronDown, IconChevronRight, IconMailOpened } from "@tabler/icons-react";
import { useState } from "react";
import { MailService, type Message } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Failure } from "../ui/states.tsx";
import { Body } from "./body.tsx";
import { mailDocument } from "./mail-document.ts";
import classes from "./message.module.css";

/** What is left of the mail that a message came by: what was quoted, and the mail as it looked. */
export function MailOrigin({ message }: { message: Message }) {
  const t = useText();
  const [quoted, setQuoted] = useState(false);
  const [original, setOriginal] = useState(false);
  const { mail } = message;
  if (!mail || (mail.quoted === "" && !mail.hasHtml)) return null;
  return (
    <div className={classes.origin}>
      {mail.quoted !== "" && (
        <UnstyledButton className={classes.fold} aria-expanded={quoted} onClick={() => setQuoted(!quoted)}>
          {quoted ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden className="flip" />}
          {quoted ? t("mail.hideQuoted") : t("mail.showQuoted")}
        </UnstyledButton>
      )}
      {mail.hasHtml && (
        <UnstyledButton className={classes.fold} onClick={() => setOriginal(true)}><IconMailOpened size={14} aria-hidden />{t("mail.showOriginal")}</UnstyledButton>
      )}
      {quoted && <div className={classes.quoted}><Body text={unquoted(mail.quoted)} mentions={[]} /></div>}
      <Dialog opened={original} onClose={() => setOriginal(false)} title={message.subject || t("mail.original")} size={860}>
        {original && <Original message={message} />}
      </Dialog>
    </div>
  );
}

/** Quoted text without its marks, where each line has one: the bar says the same. */
export function unquoted(text: string): string {
  const lines = text.split("\n");
  return lines.every((line) => line.trim() === "" || line.startsWith(">")) ? lines.map((line) => line.replace(/^> ?/u, "")).join("\n") : text;
}

function Original({ message }: { message: Message }) {
  const t = useText();
  const { data, error, refetch } = useQuery(MailService.method.getMessageHtml, { threadId: message.threadId, messageId: message.id }, { staleTime: 300_000 });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton h="60dvh" />;
  return (
    <Stack gap={8}>
      <Text size="xs" c="dimmed">{t("mail.from", { from: message.mail?.from ?? "" })}{data.remoteImageCount > 0 && ` · ${t("mail.images", { count: data.remoteImageCount })}`}</Text>
      {/* Nothing in it may run, load, or reach this page. */}
      <iframe className={classes.original} sandbox="" srcDoc={mailDocument(data.html)} title={t("mail.original")} referrerPolicy="no-referrer" />
    </Stack>
  );
}

/** The address that a mail says it is from. */
export function MailFrom({ message }: { message: Message }) {
  const t = useText();
  if (!message.mail) return null;
  return <span className={classes.from} title={t("mail.unproven")}>{t("mail.via", { from: message.mail.from })}</span>;
}
