import { Badge, Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { getRouteApi, useNavigate, useRouter } from "@tanstack/react-router";
import { IconDots, IconPictureInPicture, IconX } from "@tabler/icons-react";
import { ChatState, LiveChatService, type Chat } from "../api/contract.ts";
import { toFault } from "../api/fault.ts";
import { useText } from "../intl/intl.tsx";
import { useKeys } from "../keys/keys.tsx";
import { useServices } from "../services.tsx";
import { useDock } from "../shell/dock.tsx";
import { Conversation } from "../thread/conversation.tsx";
import { Header, IconButton } from "../ui/header.tsx";
import { Failure, RowSkeletons, useFaultText } from "../ui/states.tsx";

const route = getRouteApi("/app/chats/$chatId");

/** A chat, answered on its own page. */
export function ConversationPage() {
  const { chatId } = route.useParams();
  return <ChatConversation key={chatId} chatId={chatId} />;
}

function ChatConversation({ chatId }: { chatId: string }) {
  const t = useText();
  const { seq, view, state } = route.useSearch();
  const navigate = useNavigate();
  const router = useRouter();
  const { add } = useDock();
  const { data, error, refetch } = useQuery(LiveChatService.method.getChat, { chatId });
  const actions = useChatActions();
  const chat = data?.chat;
  const open = chat?.state === ChatState.OPEN;
  useKeys({ e: () => chat && open && actions.close(chat.id) });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!chat) return <RowSkeletons />;
  const linkTo = (place: bigint): string =>
    location.origin + router.buildLocation({ to: "/chats/$chatId", params: { chatId }, search: { seq: Number(place) } }).publicHref;
  return (
    <>
      <Header title={chat.visitor?.name} detail={<ChatDetail chat={chat} />} back={() => void navigate({ to: "/chats", search: { view, state } })}>
        <IconButton
          label={t("chat.dock")}
          visibleFrom="sm"
          onClick={() => {
            add(chatId);
            void navigate({ to: "/chats" });
          }}
        >
          <IconPictureInPicture size={18} stroke={1.7} />
        </IconButton>
        <ChatButtons chat={chat} />
      </Header>
      <ChatThread chat={chat} seq={seq} linkTo={linkTo} />
    </>
  );
}

function ChatDetail({ chat }: { chat: Chat }) {
  const t = useText();
  if (chat.state === ChatState.CLOSED) return t("chat.closed");
  return chat.operator ? t("chat.with", { name: chat.operator.name }) : t("chat.waiting");
}

/** The messages of a chat with its composer, on a page or in a window. */
export function ChatThread({ chat, seq, linkTo, compact }: { chat: Chat; seq?: number; linkTo: (seq: bigint) => string; compact?: boolean }) {
  const t = useText();
  const { reopen } = useChatActions();
  const closed = chat.state === ChatState.CLOSED && (
    <>
      {t("chat.closedHint")}
      <Button variant="default" onClick={() => reopen(chat.id)}>{t("chat.reopen")}</Button>
    </>
  );
  return (
    <Conversation
      threadId={chat.id}
      seq={seq}
      sided
      empty={t("chat.empty")}
      audience={t("chat.audience", { name: chat.visitor?.name ?? "" })}
      messageLabel={t("composer.reply")}
      mentions={false}
      linkTo={linkTo}
      closed={closed || undefined}
      compact={compact}
    />
  );
}

/** What can be done with a chat. The first to take one gets it; the other is told who did. */
export function useChatActions() {
  const t = useText();
  const { cache } = useServices();
  const faultText = useFaultText();
  const onError = (error: unknown): void => {
    const fault = toFault(error);
    const taken = fault.reason === "CHAT_TAKEN";
    const name = fault.metadata["operator"] ?? fault.metadata["name"] ?? fault.metadata["winner"] ?? "";
    notifications.show({ color: taken ? "amber" : "red", message: taken ? t("chat.taken", { name }) : faultText(fault) });
  };
  const onSuccess = ({ chat }: { chat?: Chat }): void => {
    if (chat) cache.chat(chat);
  };
  const take = useMutation(LiveChatService.method.takeChat, { onSuccess, onError });
  const reopen = useMutation(LiveChatService.method.reopenChat, { onSuccess, onError });
  const close = useMutation(LiveChatService.method.closeChat, {
    onError,
    onSuccess: (answer) => {
      onSuccess(answer);
      const id = answer.chat?.id ?? "";
      notifications.show({
        id: `closed-${id}`,
        autoClose: 10_000,
        message: (
          <span style={{ display: "flex", alignItems: "center", gap: 12 }}>
            {t("chat.closedNow")}
            <Button
              size="compact-xs"
              variant="light"
              onClick={() => {
                reopen.mutate({ chatId: id });
                notifications.hide(`closed-${id}`);
              }}
            >
              {t("action.undo")}
            </Button>
          </span>
        ),
      });
    },
  });
  return {
    take: (chatId: string) => take.mutate({ chatId }),
    close: (chatId: string) => close.mutate({ chatId }),
    reopen: (chatId: string) => reopen.mutate({ chatId }),
    pending: take.isPending || close.isPending || reopen.isPending,
  };
}

/** The buttons at the head of a chat. */
export function ChatButtons({ chat }: { chat: Chat }) {
  const t = useText();
  const actions = useChatActions();
  if (chat.state === ChatState.CLOSED) return <Badge color="gray">{t("chat.closed")}</Badge>;
  if (!chat.operator) return <Button loading={actions.pending} onClick={() => actions.take(chat.id)}>{t("chat.take")}</Button>;
  return (
    <>
      <Button variant="default" visibleFrom="xs" loading={actions.pending} leftSection={<IconX size={15} />} onClick={() => actions.close(chat.id)}>{t("chat.close")}</Button>
      <Menu position="bottom-end">
        <Menu.Target><IconButton hiddenFrom="xs" label={t("message.actions")}><IconDots size={18} /></IconButton></Menu.Target>
        <Menu.Dropdown><Menu.Item onClick={() => actions.close(chat.id)}>{t("chat.close")}</Menu.Item></Menu.Dropdown>
      </Menu>
    </>
  );
}
