import { create, type DescMethodUnary } from "@bufbuild/protobuf";
import { createConnectQueryKey } from "@connectrpc/connect-query";
import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import {
  ChatterService,
  ComposeService,
  FileService,
  GetInboxCountsResponseSchema,
  LiveChatService,
  LiveService,
  MessageKind,
  PresenceState,
  RecordService,
  type Chat,
  type DraftChange,
  type Event,
  type GetChatResponse,
  type GetDraftsResponse,
  type GetInboxCountsResponse,
  type GetThreadResponse,
  type InboxChange,
  type InboxItem,
  type ListChatsResponse,
  type ListInboxResponse,
  type ListPresenceResponse,
  type Message,
  type Presence,
  type ReadMark,
  type RecordChange,
  type GetRecordResponse,
  type Topic,
  type TopicOpened,
} from "../api/contract.ts";
import { activitiesChanged } from "../activities/changed.ts";
import { CHAT_FILTERS, chatsKey } from "../chats/query.ts";
import { mapPages } from "../api/pages.ts";
import { applyChat, readUpTo } from "../chats/reduce.ts";
import { VIEWS, inboxKey } from "../inbox/query.ts";
import { applyItem } from "../inbox/reduce.ts";
import { listKeys } from "../records/list-keys.ts";
import type { Journal } from "../thread/journal.ts";
import { applyMessage, type ThreadLog } from "../thread/log.ts";
import { threadLogKey } from "../thread/query.ts";
import type { LiveListener } from "./engine.ts";
import type { TypingStore } from "./typing.ts";

/** How often lists of records are read anew while many change, in milliseconds. */
const RECORDS_MS = 700;

/** How long changes of what is planned are gathered before it is read anew. */
const SETTLE_MS = 100;

/** Brings what the stream tells into the query cache. */
export class LiveCache implements LiveListener {
  readonly #queries: QueryClient;
  readonly #self: string;
  readonly #typing: TypingStore;
  readonly #journal: Journal;
  readonly #arrived: (requestId: string) => void;
  /** The types whose lists are to be read anew. */
  readonly #dueTypes = new Set<string>();
  readonly refused: () => void;
  readonly #items = new Set<(item: InboxItem) => void>();
  #planned: ReturnType<typeof setTimeout> | undefined;

  constructor(options: {
    queries: QueryClient;
    self: string;
    typing: TypingStore;
    journal: Journal;
    arrived: (requestId: string) => void;
    refused: () => void;
  }) {
    this.#queries = options.queries;
    this.#self = options.self;
    this.#typing = options.typing;
    this.#journal = options.journal;
    this.#arrived = options.arrived;
    this.refused = options.refused;
  }

  /** Tells of every item of the inbox that is new or changed, until the answered function is called. */
  onItem(listener: (item: InboxItem) => void): () => void {
    this.#items.add(listener);
    return () => this.#items.delete(listener);
  }

  event({ change }: Event): void {
    switch (change.case) {
      case "message":
        return this.message(change.value);
      case "readMark":
        return this.readMark(change.value);
      case "typing":
        if (!change.value.party || change.value.party.id === this.#self) return;
        if (change.value.stopped) return this.#typing.stopped(change.value.threadId, change.value.party.id);
        return this.#typing.started(change.value.threadId, change.value.party);
      case "presence":
        return this.#presence(change.value);
      case "inbox":
        return this.#inbox(change.value);
      case "chat":
        return this.chat(change.value);
      case "activity":
        return this.#activities();
      case "record":
        return this.#record(change.value);
      case "draft":
        return this.#draft(change.value);
      case "scheduled":
        return this.#invalidate(ComposeService.method.listScheduledMessages);
      default:
    }
  }

  reset(topic: Topic, opened: TopicOpened): void {
    switch (topic.kind.case) {
      case "threadId":
        this.#journal.forget(topic.kind.value);
        this.#readThreadAnew(topic.kind.value);
        this.#readRecordAnew(topic.kind.value);
        this.#activities();
        opened.readMarks.forEach((mark) => this.readMark(mark));
        break;
      case "records":
        this.#readListsAnew(topic.kind.value.type);
        break;
      case "inbox":
        this.#invalidate(ChatterService.method.listInbox);
        this.#invalidate(ChatterService.method.getInboxCounts);
        this.#activities();
        this.#invalidate(ComposeService.method.getDrafts);
        this.#invalidate(ComposeService.method.listScheduledMessages);
        break;
      case "chats":
        this.#invalidate(LiveChatService.method.listChats);
        this.#invalidate(LiveChatService.method.getChat);
        this.#invalidate(LiveChatService.method.listChannels);
        break;
      case "presence":
        this.#invalidate(LiveService.method.listPresence);
        break;
      default:
    }
  }

  resumed(topic: Topic, opened: TopicOpened): void {
    // Changes of records, and of what is planned on them, are in no log: some may have been missed.
    if (topic.kind.case === "threadId") this.#activities();
    if (topic.kind.case === "threadId") this.#readRecordAnew(topic.kind.value);
    if (topic.kind.case === "records") this.#readListsAnew(topic.kind.value.type);
    opened.readMarks.forEach((mark) => this.readMark(mark));
  }

  closed(threadId: string): void {
    this.#readThreadAnew(threadId);
  }

  /** Takes a message into every loaded stretch of its thread. */
  message(message: Message): void {
    this.#arrived(message.requestId);
    this.#journal.add(message);
    if (message.author) this.#typing.stopped(message.threadId, message.author.id);
    let gap = false;
    this.#queries.setQueriesData<ThreadLog>({ queryKey: threadLogKey(message.threadId) }, (log) => {
      if (!log) return log;
      const applied = applyMessage(log, message);
      gap ||= applied.gap;
      return applied.log;
    });
    if (gap) this.#readThreadAnew(message.threadId);
    if (message.kind === MessageKind.CHANGE) this.#recordChanged(message.threadId);
    if (message.files.length > 0) this.#invalidateFiles(message.threadId);
  }

  readMark(mark: ReadMark): void {
    const key = createConnectQueryKey({
      schema: ChatterService.method.getThread,
      input: { threadId: mark.threadId },
      cardinality: "finite",
    });
    const own = mark.party?.id === this.#self;
    if (own) this.#chatRead(mark);
    this.#queries.setQueriesData<GetThreadResponse>({ queryKey: key }, (data) => {
      if (!data?.thread) return data;
      const { thread } = data;
      if (own) return mark.seq > thread.readSeq ? { ...data, thread: { ...thread, readSeq: mark.seq } } : data;
      const known = thread.readMarks.find((one) => one.party?.id === mark.party?.id);
      if (known && known.seq >= mark.seq) return data;
      return { ...data, thread: { ...thread, readMarks: [...thread.readMarks.filter((one) => one !== known), mark] } };
    });
  }

  /** The caller has read a chat: its number goes at once. */
  #chatRead(mark: ReadMark): void {
    const key = createConnectQueryKey({ schema: LiveChatService.method.listChats, cardinality: "infinite" });
    this.#queries.setQueriesData<InfiniteData<ListChatsResponse>>({ queryKey: key }, (data) =>
      mapPages(data, (page) => ({ ...page, chats: page.chats.map((chat) => readUpTo(chat, mark)) })),
    );
  }

  /** Takes a chat into every loaded list. */
  chat(chat: Chat): void {
    if (this.#isLoading(LiveChatService.method.listChats)) this.#invalidate(LiveChatService.method.listChats);
    for (const filter of CHAT_FILTERS) {
      this.#queries.setQueriesData<InfiniteData<ListChatsResponse>>({ queryKey: chatsKey(filter) }, (data) => applyChat(data, chat, filter, this.#self));
    }
    const key = createConnectQueryKey({
      schema: LiveChatService.method.getChat,
      input: { chatId: chat.id },
      cardinality: "finite",
    });
    this.#queries.setQueriesData<GetChatResponse>({ queryKey: key }, (data) =>
      data?.chat && data.chat.version > chat.version ? data : data && { ...data, chat },
    );
  }

  #inbox(change: InboxChange): void {
    const counts = createConnectQueryKey({ schema: ChatterService.method.getInboxCounts, input: {}, cardinality: "finite" });
    this.#queries.setQueriesData<GetInboxCountsResponse>({ queryKey: counts }, (data) => ({
      ...(data ?? create(GetInboxCountsResponseSchema)),
      unreadCount: change.unreadCount,
    }));
    const { item } = change;
    if (!item || this.#isLoading(ChatterService.method.listInbox)) this.#invalidate(ChatterService.method.listInbox);
    if (!item) return;
    this.#items.forEach((listener) => listener(item));
    for (const view of Object.values(VIEWS)) {
      this.#queries.setQueriesData<InfiniteData<ListInboxResponse>>({ queryKey: inboxKey(view) }, (data) => applyItem(data, item, view));
    }
  }

  /** A draft as another device left it; what a page holds is never newer. */
  #draft({ threadId, internal, draft }: DraftChange): void {
    const key = createConnectQueryKey({ schema: ComposeService.method.getDrafts, input: { threadId }, cardinality: "finite" });
    this.#queries.setQueriesData<GetDraftsResponse>({ queryKey: key }, (data) => {
      if (!data) return data;
      const others = data.drafts.filter((one) => one.internal !== internal);
      return { ...data, drafts: draft ? [...others, draft] : others };
    });
  }

  #presence(presence: Presence): void {
    const key = createConnectQueryKey({ schema: LiveService.method.listPresence, cardinality: "finite" });
    this.#queries.setQueriesData<ListPresenceResponse>({ queryKey: key }, (data) => {
      if (!data) return data;
      const others = data.presences.filter((one) => one.userId !== presence.userId);
      return { ...data, presences: presence.state === PresenceState.OFFLINE ? others : [...others, presence] };
    });
    this.#invalidate(LiveChatService.method.listOperators);
  }

  #recordChanged(recordId: string): void {
    this.#readRecordAnew(recordId);
    this.#invalidate(RecordService.method.listRecords);
  }

  /** What this user just saved is known already. */
  #record({ type, recordId, etag }: RecordChange): void {
    const known = recordId !== "" && etag !== "" && this.#queries.getQueriesData<GetRecordResponse>({ queryKey: recordKey(recordId) }).some(([, data]) => data?.record?.etag === etag);
    if (recordId !== "" && !known) this.#readRecordAnew(recordId);
    this.#readListsAnew(type);
  }

  #readRecordAnew(recordId: string): void {
    void this.#queries.invalidateQueries({ queryKey: recordKey(recordId) });
  }

  /** Reads the lists of a type anew, soon: many changes make one reading. */
  #readListsAnew(type: string): void {
    if (this.#dueTypes.has(type)) return;
    this.#dueTypes.add(type);
    setTimeout(() => {
      this.#dueTypes.delete(type);
      for (const queryKey of listKeys(type)) void this.#queries.invalidateQueries({ queryKey });
    }, RECORDS_MS);
  }

  #invalidateFiles(threadId: string): void {
    void this.#queries.invalidateQueries({
      queryKey: createConnectQueryKey({ schema: FileService.method.listFiles, input: { threadId }, cardinality: undefined }),
    });
  }

  /** What is planned changed: several changes in a row are read once. */
  #activities(): void {
    if (this.#planned !== undefined) return;
    this.#planned = setTimeout(() => {
      this.#planned = undefined;
      activitiesChanged(this.#queries);
    }, SETTLE_MS);
  }

  #readThreadAnew(threadId: string): void {
    void this.#queries.invalidateQueries({ queryKey: threadLogKey(threadId) });
    void this.#queries.invalidateQueries({
      queryKey: createConnectQueryKey({ schema: ChatterService.method.getThread, input: { threadId }, cardinality: "finite" }),
    });
  }

  /** True while an answer is on its way that may be older than what the stream has just told. */
  #isLoading(schema: DescMethodUnary): boolean {
    return this.#queries.isFetching({ queryKey: createConnectQueryKey({ schema, cardinality: undefined }) }) > 0;
  }

  #invalidate(schema: DescMethodUnary): void {
    void this.#queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema, cardinality: undefined }) });
  }
}

function recordKey(recordId: string) {
  return createConnectQueryKey({ schema: RecordService.method.getRecord, input: { recordId }, cardinality: "finite" });
}
