import { Anchor, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";
import { useIntl } from "react-intl";
import { ChatState, ChatView, LiveChatService, PartyKind, type Visitor } from "../api/contract.ts";
import { useNow } from "../intl/now.tsx";
import { When } from "../intl/time.tsx";
import { useText } from "../intl/intl.tsx";
import { Face } from "../ui/person.tsx";
import { browserName } from "./browser.ts";
import { useChats } from "./query.ts";
import classes from "./visitor.module.css";

/** What is known of the visitor of a chat. */
export function VisitorPane({ chatId }: { chatId: string }) {
  const t = useText();
  const { data, error } = useQuery(LiveChatService.method.getChat, { chatId });
  const visitor = data?.chat?.visitor;
  // The conversation beside it says what went wrong.
  if (!visitor && error) return null;
  if (!visitor) return <Stack p="md"><Skeleton h={48} /><Skeleton h={120} /></Stack>;
  return (
    <div className={classes.pane}>
      <div className={classes.head}>
        <Face id={visitor.id} name={visitor.name} kind={PartyKind.VISITOR} size={44} />
        <div className={classes.who}>
          <Text fw={620} size="lg" truncate>{visitor.name}</Text>
          {visitor.email && <Anchor href={`mailto:${visitor.email}`} size="xs" truncate>{visitor.email}</Anchor>}
        </div>
      </div>
      <Facts visitor={visitor} />
      <h2 className={classes.title}>{t("visitor.history", { count: visitor.chatCount })}</h2>
      <History visitor={visitor} chatId={chatId} />
    </div>
  );
}

function Facts({ visitor }: { visitor: Visitor }) {
  const t = useText();
  const intl = useIntl();
  const language = useMemo(() => nameOfLanguage(intl.locale, visitor.locale), [intl.locale, visitor.locale]);
  return (
    <dl className={classes.facts}>
      <Fact label={t("visitor.page")}>{visitor.pageUrl && <SafeLink href={visitor.pageUrl} />}</Fact>
      <Fact label={t("visitor.referrer")}>{visitor.referrer && <SafeLink href={visitor.referrer} />}</Fact>
      <Fact label={t("visitor.language")}>{language}</Fact>
      <Fact label={t("visitor.browser")}>{browserName(visitor.userAgent)}</Fact>
      <Fact label={t("visitor.localTime")}>{visitor.timeZone && <LocalTime zone={visitor.timeZone} />}</Fact>
      <Fact label={t("visitor.since")}>{visitor.createTime && <When at={visitor.createTime} />}</Fact>
    </dl>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  if (!children) return null;
  return (
    <div className={classes.fact}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Only web addresses become links: a page can claim any address it likes. */
function SafeLink({ href }: { href: string }) {
  if (!/^https?:\/\//u.test(href)) return <span>{href}</span>;
  return <Anchor href={href} target="_blank" rel="noopener noreferrer" size="sm" className={classes.link} title={href}>{href.replace(/^https?:\/\//u, "")}</Anchor>;
}

function LocalTime({ zone }: { zone: string }) {
  const intl = useIntl();
  const now = useNow();
  return <>{[timeIn(intl.locale, zone, now), zone.replaceAll("_", " ")].filter(Boolean).join(" · ")}</>;
}

/** The time in a zone; nothing for a zone that is none: a page can claim any. */
function timeIn(locale: string, timeZone: string, now: number): string {
  try {
    return new Intl.DateTimeFormat(locale, { timeZone, hour: "2-digit", minute: "2-digit" }).format(now);
  } catch {
    return "";
  }
}

function nameOfLanguage(locale: string, tag: string): string {
  try {
    return tag === "" ? "" : (new Intl.DisplayNames([locale], { type: "language" }).of(tag) ?? tag);
  } catch {
    return tag;
  }
}

/** The visitor's other chats among those that are loaded. */
function History({ visitor, chatId }: { visitor: Visitor; chatId: string }) {
  const t = useText();
  const open = useChats({ view: ChatView.ALL, state: ChatState.OPEN });
  const closed = useChats({ view: ChatView.ALL, state: ChatState.CLOSED });
  const chats = [open, closed]
    .flatMap((list) => list.data?.pages.flatMap((page) => page.chats) ?? [])
    .filter((chat) => chat.visitor?.id === visitor.id && chat.id !== chatId);
  if (chats.length === 0) return <Text c="dimmed" size="xs">{visitor.chatCount > 1 ? t("visitor.historyOlder") : t("visitor.historyNone")}</Text>;
  return (
    <Stack gap={2}>
      {chats.map((chat) => (
        <Link key={chat.id} to="/chats/$chatId" params={{ chatId: chat.id }} className={classes.chat}>
          <span className={classes.chatText}>{chat.lastMessage?.body || t("chats.noMessage")}</span>
          <When at={chat.createTime} />
        </Link>
      ))}
    </Stack>
  );
}
