import { UnstyledButton } from "@mantine/core";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { IconCheck, IconChecks, IconLock, IconPinFilled } from "@tabler/icons-react";
import { memo, useState, type KeyboardEvent } from "react";
import { useIntl } from "react-intl";
import { PartyKind, Role, type Message } from "../api/contract.ts";
import { exactTime } from "../intl/time.tsx";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { PartyFace } from "../ui/person.tsx";
import { Sign } from "../ui/sign.tsx";
import { Body } from "./body.tsx";
import { Deliveries } from "./deliveries.tsx";
import { FileTiles } from "./files.tsx";
import { postedAt } from "./group.ts";
import { MailFrom, MailOrigin } from "./mail-origin.tsx";
import { MessageActions } from "./message-actions.tsx";
import { MessageEditor } from "./message-editor.tsx";
import { useThreadPlace } from "./place.ts";
import { Quote } from "./quote.tsx";
import { Reactions } from "./reactions.tsx";
import { Translation } from "./translation.tsx";
import { VersionsDialog } from "./versions-dialog.tsx";
import classes from "./thread.module.css";
import own from "./message.module.css";

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
  const { reply } = useThreadPlace();
  const [editing, setEditing] = useState(false);
  const [translated, setTranslated] = useState(false);
  const mine = message.author?.id === me.id;
  const end = sided && mine;
  const live = !message.deleteTime && !editing;
  const mayEdit = live && message.body !== "" && (mine || me.role === Role.ADMINISTRATOR);

  // Keys of the message that has the focus; nothing in it that takes text is meant.
  function key(event: KeyboardEvent<HTMLElement>): void {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "r" && live) reply(message);
    else if (event.key === "e" && mayEdit) setEditing(true);
    else return;
    event.preventDefault();
  }

  return (
    <article className={classes.message} tabIndex={-1} onKeyDown={key} data-first={first} data-last={last} data-side={end ? "end" : "start"} data-note={message.internal} data-sided={sided}>
      {!end && <div className={classes.gutter}>{first && <PartyFace party={message.author} size={sided ? 26 : 30} presence />}</div>}
      <div className={classes.content}>
        {first && <Head message={message} own={end} />}
        {editing ? (
          <MessageEditor message={message} onClose={() => setEditing(false)} />
        ) : (
          <div className={classes.bubble}>
            <MessageBody message={message} />
            {translated && live && <Translation message={message} onClose={() => setTranslated(false)} />}
          </div>
        )}
        {live && message.reactions.length > 0 && <Reactions message={message} />}
        {live && message.deliveries.length > 0 && <Deliveries message={message} />}
        {end && last && readSeq !== undefined && !message.internal && <Receipt read={message.seq <= readSeq} />}
      </div>
      {live && <MessageActions message={message} mayEdit={mayEdit} mayDelete={mine || me.role === Role.ADMINISTRATOR} link={link} onEdit={() => setEditing(true)} onTranslate={() => setTranslated(true)} />}
    </article>
  );
});

function Head({ message, own: mine }: { message: Message; own: boolean }) {
  const t = useText();
  const intl = useIntl();
  const time = postedAt(message);
  return (
    <div className={classes.head}>
      {!mine && <span className={classes.author}>{message.author?.name}</span>}
      {message.author?.kind === PartyKind.CONTACT && <span className={classes.outside}>{t("message.contact")}</span>}
      {message.internal && <span className={classes.internal}><IconLock size={13} aria-hidden />{t("message.internal")}</span>}
      <time className={classes.time} dateTime={time.toISOString()} title={exactTime(intl, time)}>
        {intl.formatTime(time, { hour: "2-digit", minute: "2-digit" })}
      </time>
      <MailFrom message={message} />
    </div>
  );
}

function MessageBody({ message }: { message: Message }) {
  const t = useText();
  if (message.deleteTime) {
    return <span className={classes.tombstone}>{t("message.deleted", { name: message.deletedBy?.name ?? "" })}</span>;
  }
  return (
    <>
      {message.pinnedBy && <Sign label={t("message.pinnedBy", { name: message.pinnedBy.name })} className={own.pinned}><IconPinFilled size={13} aria-hidden /></Sign>}
      {message.replyTo && <Quote to={message.replyTo} />}
      {message.subject !== "" && <div className={own.subject} dir="auto">{message.subject}</div>}
      {message.body !== "" && <Body text={message.body} mentions={message.mentions} format={message.format} />}
      {message.editTime && <Edited message={message} />}
      {message.files.length > 0 && <FileTiles files={message.files} />}
      <MailOrigin message={message} />
    </>
  );
}

/** Says that a text was changed; administrators can see what it was. */
function Edited({ message }: { message: Message }) {
  const t = useText();
  const intl = useIntl();
  const { me } = useServices();
  const [open, setOpen] = useState(false);
  const title = message.editTime && exactTime(intl, timestampDate(message.editTime));
  if (me.role !== Role.ADMINISTRATOR) return <span className={classes.edited} title={title}>{t("message.edited")}</span>;
  return (
    <>
      <UnstyledButton className={`${classes.edited} ${own.versions}`} title={title} aria-label={t("versions.show")} onClick={() => setOpen(true)}>{t("message.edited")}</UnstyledButton>
      <VersionsDialog message={message} opened={open} onClose={() => setOpen(false)} />
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
