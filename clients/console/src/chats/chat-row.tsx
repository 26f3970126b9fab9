import { Link } from "@tanstack/react-router";
import { IconLock } from "@tabler/icons-react";
import { MessageKind, PartyKind, type Chat } from "../api/contract.ts";
import { When } from "../intl/time.tsx";
import { useText } from "../intl/intl.tsx";
import type { ChatsSearch } from "../search.ts";
import { useServices } from "../services.tsx";
import { Sign } from "../ui/sign.tsx";
import { Face } from "../ui/person.tsx";
import { systemText } from "../thread/system-text.ts";
import { badge } from "../shell/counts.ts";
import classes from "../ui/list-row.module.css";

interface ChatRowProps {
  chat: Chat;
  search: ChatsSearch;
  selected: boolean;
  /** Names who has the chat. */
  showOperator: boolean;
}

/** One chat: who, the last line, when, and how much is unread. */
export function ChatRow({ chat, search, selected, showOperator }: ChatRowProps) {
  const t = useText();
  const { me } = useServices();
  const last = chat.lastMessage;
  const own = last?.author?.id === me.id;
  const spoken = last?.kind === MessageKind.COMMENT;
  const text = spoken ? last.body || last.files[0]?.name : last && systemText(t, last);
  const name = chat.visitor?.name ?? "";
  return (
    <Link
      to="/chats/$chatId"
      params={{ chatId: chat.id }}
      search={search}
      className={classes.row}
      data-selected={selected}
      data-unread={chat.unreadCount > 0}
      aria-current={selected}
    >
      <Face id={chat.visitor?.id ?? chat.id} name={name} kind={PartyKind.VISITOR} size={34} />
      <span className={classes.text}>
        <span className={classes.top}>
          <span className={classes.name} dir="auto">{name}</span>
          <span className={classes.time}><When at={chat.lastMessageTime ?? chat.createTime} /></span>
        </span>
        <span className={classes.line}>
          {last?.internal && <Sign label={t("message.internal")} className={classes.note}><IconLock size={13} aria-hidden /></Sign>}
          <span className={classes.preview} dir="auto">{own && spoken && text ? t("chats.you", { text }) : (text ?? t("chats.noMessage"))}</span>
          {showOperator && chat.operator && <Face id={chat.operator.id} name={chat.operator.name} size={18} />}
          {chat.unreadCount > 0 && <span className={classes.count} aria-label={t("chats.unread", { count: chat.unreadCount })}>{badge(chat.unreadCount)}</span>}
        </span>
      </span>
    </Link>
  );
}
