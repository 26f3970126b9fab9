import { Link } from "@tanstack/react-router";
import { IconAt, IconCalendarCheck, IconCheck, IconLock, IconMessage, IconStar, IconStarFilled, IconUserCheck } from "@tabler/icons-react";
import { InboxReason, MessageKind, type InboxItem } from "../api/contract.ts";
import { titleOf } from "../activities/group.ts";
import { When } from "../intl/time.tsx";
import { useText } from "../intl/intl.tsx";
import { plainText } from "../thread/body.tsx";
import { IconButton } from "../ui/header.tsx";
import { Sign } from "../ui/sign.tsx";
import { PartyFace } from "../ui/person.tsx";
import classes from "../ui/list-row.module.css";
import type { ViewName } from "./query.ts";

interface InboxRowProps {
  item: InboxItem;
  view: ViewName;
  selected: boolean;
  onDone: () => void;
  onStar: () => void;
}

/** One item: who, on what, and why it is here. */
export function InboxRow({ item, view, selected, onDone, onStar }: InboxRowProps) {
  const t = useText();
  return (
    <div className={classes.holder}>
      <Link to="/inbox" search={{ view, item: item.id }} className={classes.row} data-selected={selected} data-unread={!item.read} aria-current={selected}>
        <PartyFace party={item.message?.author ?? item.activity?.creator} size={32} />
        <span className={classes.text}>
          <span className={classes.top}>
            <span className={classes.name} dir="auto">{item.threadTitle}</span>
            <span className={classes.time}><When at={item.createTime} /></span>
          </span>
          <span className={classes.line}>
            <Reason item={item} />
            <span className={classes.preview} dir="auto"><Preview item={item} /></span>
            {item.starred && <Sign label={t("inbox.starred")} className={classes.starred}><IconStarFilled size={13} aria-hidden /></Sign>}
            {!item.read && <span className={classes.unreadDot}><span className="sr-only">{t("inbox.unread")}</span></span>}
          </span>
        </span>
      </Link>
      <div className={classes.rowActions}>
        <IconButton size={24} label={item.starred ? t("inbox.unstar") : t("inbox.star")} keys="s" onClick={onStar}>
          {item.starred ? <IconStarFilled size={15} className={classes.starred} /> : <IconStar size={15} />}
        </IconButton>
        <IconButton size={24} label={t("inbox.done")} keys="e" onClick={onDone}><IconCheck size={15} /></IconButton>
      </div>
    </div>
  );
}

function Reason({ item }: { item: InboxItem }) {
  const t = useText();
  if (item.reason === InboxReason.MENTION) return <Sign className={classes.reason} label={t("reason.mention")}><IconAt size={14} aria-hidden /></Sign>;
  if (item.reason === InboxReason.ASSIGNMENT) return <Sign className={classes.reason} label={t("reason.assignment")}><IconUserCheck size={14} aria-hidden /></Sign>;
  if (item.reason === InboxReason.ACTIVITY) return <Sign className={classes.reason} label={t("reason.activity")}><IconCalendarCheck size={14} aria-hidden /></Sign>;
  if (item.message?.internal) return <Sign className={`${classes.reason} ${classes.note}`} label={t("message.internal")}><IconLock size={14} aria-hidden /></Sign>;
  return <Sign className={classes.reason} label={t("reason.message")}><IconMessage size={14} aria-hidden /></Sign>;
}

function Preview({ item }: { item: InboxItem }) {
  const t = useText();
  const { activity, message, reason } = item;
  if (activity) return t("reason.activityFor", { name: activity.creator?.name ?? "", title: titleOf(activity) });
  const name = message?.author?.name ?? "";
  if (reason === InboxReason.ASSIGNMENT) return t("reason.assigned", { name });
  if (!message) return null;
  if (message.kind === MessageKind.CHANGE) {
    const change = message.changes[0];
    return change ? `${change.label}: ${change.newValue || "–"}` : name;
  }
  const body = plainText(message.body, message.format) || message.subject || message.files[0]?.name || "";
  return name ? `${name}: ${body}` : body;
}
