import { UnstyledButton } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { useNavigate, useParams, useRouter } from "@tanstack/react-router";
import { IconArrowsMaximize, IconX } from "@tabler/icons-react";
import { LiveChatService, PartyKind } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useDock, type Docked } from "../shell/dock.tsx";
import { IconButton } from "../ui/header.tsx";
import { Face } from "../ui/person.tsx";
import { ChatThread } from "./conversation.tsx";
import rowClasses from "../ui/list-row.module.css";
import classes from "./docked.module.css";

/** The chats that float over every page. */
export default function DockedChats() {
  const { chats } = useDock();
  const { chatId } = useParams({ strict: false });
  const shown = chats.filter((one) => one.chatId !== chatId);
  if (shown.length === 0) return null;
  return (
    <div className={classes.dock}>
      {shown.map((one) => <Window key={one.chatId} docked={one} />)}
    </div>
  );
}

function Window({ docked }: { docked: Docked }) {
  const t = useText();
  const router = useRouter();
  const navigate = useNavigate();
  const { remove, fold } = useDock();
  const { chatId, folded } = docked;
  const { data, error } = useQuery(LiveChatService.method.getChat, { chatId });
  const chat = data?.chat;
  if (error) return null;
  const name = chat?.visitor?.name ?? "";
  const linkTo = (seq: bigint): string =>
    location.origin + router.buildLocation({ to: "/chats/$chatId", params: { chatId }, search: { seq: Number(seq) } }).publicHref;
  return (
    <section className={classes.window} data-folded={folded} aria-label={t("chat.window", { name })}>
      <header className={classes.head}>
        <UnstyledButton className={classes.title} onClick={() => fold(chatId, !folded)} aria-expanded={!folded}>
          <Face id={chat?.visitor?.id ?? chatId} name={name} kind={PartyKind.VISITOR} size={22} />
          <span className={classes.name}>{name}</span>
          {chat && chat.unreadCount > 0 && <span className={rowClasses.count}>{chat.unreadCount}</span>}
        </UnstyledButton>
        <IconButton
          size="sm"
          label={t("chat.undock")}
          onClick={() => {
            remove(chatId);
            void navigate({ to: "/chats/$chatId", params: { chatId } });
          }}
        >
          <IconArrowsMaximize size={15} />
        </IconButton>
        <IconButton size="sm" label={t("chat.closeWindow")} onClick={() => remove(chatId)}><IconX size={15} /></IconButton>
      </header>
      {!folded && chat && <ChatThread chat={chat} linkTo={linkTo} compact />}
    </section>
  );
}
