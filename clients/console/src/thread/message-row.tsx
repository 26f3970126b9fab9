import { Button, Group, Menu, Textarea, UnstyledButton } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useClipboard } from "@mantine/hooks";
import { useMutation } from "@connectrpc/connect-query";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { IconCheck, IconChecks, IconDots, IconLink, IconLock, IconPencil, IconTrash } from "@tabler/icons-react";
import { memo, useState } from "react";
import { useIntl } from "react-intl";
import { ChatterService, PartyKind, Role, type Message } from "../api/contract.ts";
import { toFault } from "../api/fault.ts";
import { exactTime } from "../intl/time.tsx";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { PartyFace } from "../ui/person.tsx";
import { FailureLine, useFaultText } from "../ui/states.tsx";
import { Body } from "./body.tsx";
import { FileTiles } from "./files.tsx";
import { postedAt } from "./group.ts";
import classes from "./thread.module.css";

interface MessageRowProps {
  message: Message;
  first: boolean;
  last: boolean;
  /** Own messages stand on the right. */
  sided: boolean;
  /** How far the people outside have read; undefined shows nothing of it. */
  readSeq?: bigint;
  /** The address of this message. */
  link: string;
}

/** One message, with its author's name if it begins a group. */
export const MessageRow = memo(function MessageRow({ message, first, last, sided, readSeq, link }: MessageRowProps) {
  const { me } = useServices();
  const [editing, setEditing] = useState(false);
  const own = message.author?.id === me.id;
  const end = sided && own;
  return (
    <article className={classes.message} data-first={first} data-last={last} data-side={end ? "end" : "start"} data-note={message.internal} data-sided={sided}>
      {!end && <div className={classes.gutter}>{first && <PartyFace party={message.author} size={sided ? 26 : 30} presence />}</div>}
      <div className={classes.content}>
        {first && <Head message={message} own={end} />}
        {editing ? (
          <Editor message={message} onClose={() => setEditing(false)} />
        ) : (
          <div className={classes.bubble}>
            <MessageBody message={message} />
          </div>
        )}
        {end && last && readSeq !== undefined && !message.internal && <Receipt read={message.seq <= readSeq} />}
      </div>
      {!message.deleteTime && !editing && <Actions message={message} own={own} link={link} onEdit={() => setEditing(true)} />}
    </article>
  );
});

function Head({ message, own }: { message: Message; own: boolean }) {
  const t = useText();
  const intl = useIntl();
  const time = postedAt(message);
  return (
    <div className={classes.head}>
      {!own && <span className={classes.author}>{message.author?.name}</span>}
      {message.author?.kind === PartyKind.CONTACT && <span className={classes.outside}>{t("message.contact")}</span>}
      {message.internal && <span className={classes.internal}><IconLock size={13} aria-hidden />{t("message.internal")}</span>}
      <time className={classes.time} dateTime={time.toISOString()} title={exactTime(intl, time)}>
        {intl.formatTime(time, { hour: "2-digit", minute: "2-digit" })}
      </time>
    </div>
  );
}

function MessageBody({ message }: { message: Message }) {
  const t = useText();
  const intl = useIntl();
  if (message.deleteTime) {
    return <span className={classes.tombstone}>{t("message.deleted", { name: message.deletedBy?.name ?? "" })}</span>;
  }
  return (
    <>
      {message.body !== "" && <Body text={message.body} mentions={message.mentions} />}
      {message.editTime && (
        <span className={classes.edited} title={exactTime(intl, timestampDate(message.editTime))}>{t("message.edited")}</span>
      )}
      {message.files.length > 0 && <FileTiles files={message.files} />}
    </>
  );
}

function Receipt({ read }: { read: boolean }) {
  const t = useText();
  return (
    <span className={classes.receipt} data-read={read}>
      {read ? <IconChecks size={14} aria-hidden /> : <IconCheck size={14} aria-hidden />}
      {read ? t("message.read") : t("message.sent")}
    </span>
  );
}

/** The menu of a message. There are many messages, so it is made when first asked for. */
function Actions(props: ActionsProps) {
  const t = useText();
  const [asked, setAsked] = useState(false);
  return (
    <div className={classes.actions}>
      {asked ? (
        <ActionMenu {...props} />
      ) : (
        <UnstyledButton className={classes.more} aria-label={t("message.actions")} aria-haspopup="menu" onClick={() => setAsked(true)}>
          <IconDots size={16} aria-hidden />
        </UnstyledButton>
      )}
    </div>
  );
}

interface ActionsProps {
  message: Message;
  own: boolean;
  link: string;
  onEdit: () => void;
}

function ActionMenu({ message, own, link, onEdit }: ActionsProps) {
  const t = useText();
  const { cache, me } = useServices();
  const clipboard = useClipboard();
  const faultText = useFaultText();
  const remove = useMutation(ChatterService.method.deleteMessage, {
    onSuccess: (answer) => answer.message && cache.message(answer.message),
    onError: (error) => void notifications.show({ color: "red", message: faultText(toFault(error)) }),
  });
  const [sure, setSure] = useState(false);
  const may = own || me.role === Role.ADMINISTRATOR;
  const erase = (): void => remove.mutate({ threadId: message.threadId, messageId: message.id });
  return (
    <Menu position="bottom-end" defaultOpened onClose={() => setSure(false)}>
      <Menu.Target>
        <UnstyledButton className={classes.more} aria-label={t("message.actions")}><IconDots size={16} aria-hidden /></UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconLink size={15} />} onClick={() => clipboard.copy(link)}>{t("message.copyLink")}</Menu.Item>
        {may && message.body !== "" && <Menu.Item leftSection={<IconPencil size={15} />} onClick={onEdit}>{t("message.edit")}</Menu.Item>}
        {may && (
          <Menu.Item color="red" leftSection={<IconTrash size={15} />} closeMenuOnClick={sure} onClick={sure ? erase : () => setSure(true)}>
            {sure ? t("message.deleteSure") : t("message.delete")}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function Editor({ message, onClose }: { message: Message; onClose: () => void }) {
  const t = useText();
  const { cache } = useServices();
  const [body, setBody] = useState(message.body);
  const edit = useMutation(ChatterService.method.editMessage, {
    onSuccess: (answer) => {
      if (answer.message) cache.message(answer.message);
      onClose();
    },
  });
  const save = (): void => {
    if (body.trim() === message.body) onClose();
    else if (body.trim() !== "") edit.mutate({ threadId: message.threadId, messageId: message.id, body: body.trim() });
  };
  return (
    <div className={classes.editor}>
      <Textarea
        autosize
        // oxlint-disable-next-line jsx-a11y/no-autofocus -- the user has just asked to edit
        autoFocus
        maxRows={8}
        value={body}
        maxLength={20_000}
        aria-label={t("message.edit")}
        onChange={(event) => setBody(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onClose();
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
        }}
      />
      {edit.error && <FailureLine error={edit.error} />}
      <Group gap="xs" justify="flex-end">
        <Button variant="default" onClick={onClose}>{t("action.cancel")}</Button>
        <Button onClick={save} loading={edit.isPending}>{t("action.save")}</Button>
      </Group>
    </div>
  );
}
