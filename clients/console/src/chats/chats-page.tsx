import { Group, SegmentedControl, Switch } from "@mantine/core";
import { getRouteApi, Outlet, useNavigate, useParams } from "@tanstack/react-router";
import { useText, type TextId } from "../intl/intl.tsx";
import { useKeys } from "../keys/keys.tsx";
import { useServices } from "../services.tsx";
import { Header } from "../ui/header.tsx";
import { Panes } from "../ui/panes.tsx";
import { Empty, Failure, RowSkeletons } from "../ui/states.tsx";
import { VirtualList } from "../ui/virtual-list.tsx";
import { Channels } from "./channels.tsx";
import { ChatRow } from "./chat-row.tsx";
import { CHAT_STATES, CHAT_VIEWS, useChats, type ChatViewName } from "./query.ts";
import { VisitorPane } from "./visitor-pane.tsx";

const route = getRouteApi("/app/chats");
const NAMES: ChatViewName[] = ["mine", "unassigned", "all"];
const EMPTY: Record<ChatViewName, TextId> = { mine: "chats.emptyMine", unassigned: "chats.emptyUnassigned", all: "chats.emptyAll" };

/** The live chats: a list, a conversation, and who one talks to. */
export function ChatsPage() {
  const t = useText();
  const { agent } = useServices();
  const { chatId } = useParams({ strict: false });
  if (!agent) return <Empty text={t("chats.forbidden")} />;
  return (
    <Panes
      detail={chatId !== undefined}
      listLabel={t("nav.chats")}
      list={<ChatList chatId={chatId} />}
      context={chatId && <VisitorPane key={chatId} chatId={chatId} />}
      contextLabel={t("visitor.label")}
    >
      {chatId ? <Outlet /> : <Empty text={t("chats.choose")} />}
    </Panes>
  );
}

function ChatList({ chatId }: { chatId: string | undefined }) {
  const t = useText();
  const { view = "mine", state = "open" } = route.useSearch();
  const navigate = route.useNavigate();
  const go = useNavigate();
  const list = useChats({ view: CHAT_VIEWS[view], state: CHAT_STATES[state] });
  const chats = list.data?.pages.flatMap((page) => page.chats) ?? [];
  const at = chats.findIndex((chat) => chat.id === chatId);
  const step = (by: number): void => {
    const next = chats[at < 0 ? 0 : at + by];
    if (!next) return;
    void go({ to: "/chats/$chatId", params: { chatId: next.id }, search: { view, state }, replace: chatId !== undefined });
  };
  useKeys({ j: () => step(1), k: () => step(-1), Escape: () => void go({ to: "/chats", search: { view, state } }) });
  return (
    <>
      <Header title={t("nav.chats")}><Channels /></Header>
      <Group gap="xs" px="sm" py="xs" wrap="nowrap">
        <SegmentedControl
          size="xs"
          fullWidth
          flex={1}
          value={view}
          onChange={(value) => void navigate({ search: { view: NAMES.find((name) => name === value), state } })}
          data={NAMES.map((name) => ({ value: name, label: t(`chats.${name}`) }))}
          aria-label={t("chats.views")}
        />
        <Switch
          size="xs"
          label={t("chats.closed")}
          checked={state === "closed"}
          onChange={(event) => void navigate({ search: { view, state: event.currentTarget.checked ? "closed" : "open" } })}
        />
      </Group>
      {list.isPending && <RowSkeletons height={68} />}
      {list.error && !list.data && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.data && chats.length === 0 && <Empty text={t(EMPTY[view])} />}
      {chats.length > 0 && (
        <VirtualList items={chats} keyOf={(chat) => chat.id} height={68} label={t("nav.chats")} selected={at} onEnd={list.hasNextPage ? () => void list.fetchNextPage() : undefined}>
          {(chat) => <ChatRow chat={chat} search={{ view, state }} selected={chat.id === chatId} showOperator={view === "all"} />}
        </VirtualList>
      )}
    </>
  );
}
