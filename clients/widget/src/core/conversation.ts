import type { Client } from "../rpc/client.ts";
import type { ChatJson, FileJson } from "../rpc/contract.ts";
import { asFault } from "../rpc/fault.ts";
import { Courier } from "./courier.ts";
import { Live } from "./live.ts";
import { NOTHING, type Store } from "./store.ts";
import type { Frame } from "./stream.ts";
import * as talks from "./talk.ts";
import { backoff, rest } from "./time.ts";
import { uuid } from "./uuid.ts";
import type { Vault } from "./vault.ts";
import { Visit } from "./visit.ts";
import { askWidget } from "./widget.ts";

/** Messages of one page. */
const PAGE = 40;
/** Typing holds for six seconds unless it is renewed. */
const TYPING = 6_000;
/** Typing is told at most every three seconds. */
const TYPING_EVERY = 3_000;
/** How often an open panel asks whether somebody is there. */
const PRESENCE_EVERY = 60_000;

/** Where the visitor is on the website. */
export interface Place {
  page: string;
  referrer: string;
}

/** A visitor's conversation with a channel: everything but its looks. */
export class Conversation {
  readonly client: Client;
  readonly store: Store;
  readonly channel: string;
  /** Where the visitor is, kept current by the host. */
  readonly #place: Place;
  readonly #visit: Visit;
  readonly #vault: Vault;
  readonly #courier: Courier;
  readonly #live: Live;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;
  #typedAt = 0;
  #askedAt = Date.now();
  #marking = false;

  constructor(channel: string, client: Client, store: Store, vault: Vault, place: Place) {
    this.#place = place;
    this.channel = channel;
    this.client = client;
    this.store = store;
    this.#vault = vault;
    this.#visit = new Visit(channel, client, vault);
    this.#courier = new Courier(client, store, vault, this.#visit, {
      opened: (chat) => void this.#opened(chat),
      lost: () => this.#lost(),
    });
    this.#live = new Live(client, vault, {
      place: () => this.#listening(),
      frame: (frame) => this.#frame(frame),
      up: (up) => up !== store.state.up && store.set({ up }),
      refused: () => this.#refused(),
      changed: () => void this.#load(),
    });
  }

  /** Learns what was said so far, and sends what an earlier page could not. */
  async start(): Promise<void> {
    await this.#load();
    this.#courier.resume();
  }

  /** How many messages the visitor has not read. */
  get unread(): number {
    return talks.unread(this.store.state.talk);
  }

  /** Tells that the panel was opened or closed. */
  setOpen(open: boolean): void {
    this.store.set({ open });
    this.#listen();
    if (open) this.look();
  }

  /** Asks again whether somebody is there, if that was long ago. */
  look(): void {
    if (Date.now() - this.#askedAt >= PRESENCE_EVERY) {
      this.#askedAt = Date.now();
      askWidget(this.client, this.channel, this.store).catch(() => {}); // the next look asks again
    }
  }

  /** Sends a message. */
  send(body: string, files: FileJson[] = [], email = ""): void {
    this.#typedAt = 0;
    this.#courier.send({ requestId: uuid(), body, files, email, time: Date.now(), ...this.#place });
  }

  /** Tries again to send a message that failed. */
  retry(requestId: string): void {
    this.#courier.retry(requestId);
  }

  /** Forgets a message that failed. */
  discard(requestId: string): void {
    this.#courier.discard(requestId);
  }

  /** Tells the other side that the visitor types, or stopped. */
  typing(stopped = false): void {
    const chatId = this.store.state.talk.chat?.id;
    const age = Date.now() - this.#typedAt;
    if (!chatId || (stopped ? age > TYPING : age < TYPING_EVERY)) return;
    this.#typedAt = stopped ? 0 : Date.now();
    this.client.call("visitor.v1.VisitorService/SetTyping", { chatId, stopped }).catch(() => {});
  }

  /** Says that the visitor sees the newest message. */
  async seen(): Promise<void> {
    const { talk } = this.store.state;
    const seq = talks.lastSeq(talk);
    if (this.#marking || !talk.chat?.id || seq <= talk.readSeq) return;
    const news = talks.unread(talk) > 0;
    this.store.talk((now) => talks.read(now, seq));
    if (!news) return;
    this.#marking = true;
    try {
      await this.client.call("visitor.v1.VisitorService/MarkRead", { chatId: talk.chat.id, seq: String(seq) });
    } catch {
      // The next message says it again.
    } finally {
      this.#marking = false;
    }
  }

  /** Fetches older messages. */
  async older(): Promise<void> {
    const { talk, paging } = this.store.state;
    const first = talk.messages[0];
    if (paging || !talk.hasBefore || !first || !talk.chat?.id) return;
    this.store.set({ paging: true });
    try {
      const request = { chatId: talk.chat.id, pageSize: PAGE, beforeSeq: String(talks.seqOf(first)) };
      const answer = await this.client.call("visitor.v1.VisitorService/ListMessages", request);
      this.store.talk((now) => (now.chat?.id === talk.chat?.id ? talks.page(now, answer, true) : now));
    } catch {
      await rest(2_000); // scrolling asks again
    } finally {
      this.store.set({ paging: false });
    }
  }

  /** Ends the chat. */
  async close(): Promise<void> {
    const chatId = this.store.state.talk.chat?.id;
    if (!chatId) return;
    const { chat } = await this.client.call("visitor.v1.VisitorService/CloseChat", { chatId });
    if (chat) this.store.talk((talk) => talks.show(talk, chat));
  }

  /** Opens the closed chat again, and sends what could not be sent. */
  async reopen(): Promise<void> {
    const chatId = this.store.state.talk.chat?.id;
    if (!chatId) return;
    const { chat } = await this.client.call("visitor.v1.VisitorService/ReopenChat", { chatId });
    if (chat) this.store.talk((talk) => talks.show(talk, chat));
    this.#courier.retry();
    this.#listen();
  }

  /** Leaves the closed chat behind: the next message opens another. */
  fresh(): void {
    this.store.talk((talk) => talks.show(talk, undefined));
    this.#listen();
  }

  /** Ends the visit: the next person at this browser starts anew. */
  async leave(): Promise<void> {
    this.#live.stop();
    const ended = this.#visit.known ? this.client.call("visitor.v1.VisitorService/EndVisit", {}) : undefined;
    this.#vault.edit((box) => Object.assign(box, { token: "", outbox: [] }));
    this.store.set({ talk: NOTHING });
    await ended?.catch(() => {});
    this.#visit.forget();
    this.#live.changed();
  }

  /** Reads the visitor's newest chat from the server. */
  async #load(): Promise<void> {
    this.client.token = this.#vault.shared ? this.#vault.read().token : this.client.token;
    for (let attempt = 0; this.#visit.known; attempt++) {
      try {
        const { chats } = await this.client.call("visitor.v1.VisitorService/ListChats", { pageSize: 1 });
        const chat = chats?.[0];
        this.store.talk((talk) => talks.show(talk, chat));
        if (chat) await this.#messages();
        break;
      } catch (thrown) {
        const fault = asFault(thrown);
        if (fault.code === "unauthenticated") this.#visit.forget();
        else await rest(fault.retryAfter || backoff(attempt));
      }
    }
    if (!this.#visit.known) this.store.talk((talk) => talks.show(talk, undefined));
    this.store.set({ loaded: true });
    this.#listen();
  }

  async #messages(): Promise<void> {
    const chatId = this.store.state.talk.chat?.id ?? "";
    const answer = await this.client.call("visitor.v1.VisitorService/ListMessages", { chatId, pageSize: PAGE });
    this.store.talk((talk) => (talk.chat?.id === chatId ? talks.page(talk, answer, false) : talk));
  }

  /** Reads the newest messages again; the stream's cursor goes on from there. */
  async #refresh(): Promise<void> {
    if (!this.store.state.talk.chat) return;
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        await this.#messages();
        return;
      } catch {
        await rest(backoff(attempt));
      }
    }
  }

  async #opened(chat: ChatJson): Promise<void> {
    this.store.talk((talk) => talks.show(talk, chat));
    await this.#refresh();
    this.#listen();
    this.#live.changed();
  }

  /** The server does not know the visitor or the chat any more. */
  #lost(): void {
    this.store.talk((talk) => talks.show(talk, undefined));
    this.#live.stop();
  }

  #refused(): void {
    this.#visit.forget();
    this.#lost();
  }

  /** Listens while there is something to hear. */
  #listen(): void {
    const { talk, open } = this.store.state;
    if (talk.chat && (open || !talks.closed(talk))) this.#live.start();
    else this.#live.stop();
  }

  #listening(): { threadId: string; cursor: string } | undefined {
    const { chat, cursor } = this.store.state.talk;
    return chat?.id ? { threadId: chat.id, cursor } : undefined;
  }

  #frame(frame: Frame): void {
    const { event, topicOpened, heartbeat } = frame;
    if (event) {
      if (event.message) this.store.talk((talk) => talks.receive(talk, event.message ?? {}));
      if (event.readMark) this.store.talk((talk) => talks.marked(talk, event.readMark ?? {}));
      if (event.typing) this.#typists(event.typing);
    }
    const positions = [topicOpened?.topic, ...(heartbeat?.positions ?? [])];
    const { chat } = this.store.state.talk;
    const at = event?.cursor || positions.find((topic) => topic?.threadId && topic.threadId === chat?.id)?.cursor;
    if (at) this.store.talk((talk) => ({ ...talk, cursor: at }));
    for (const mark of topicOpened?.readMarks ?? []) this.store.talk((talk) => talks.marked(talk, mark));
    if (topicOpened?.continuity === "CONTINUITY_RESET") void this.#refresh();
  }

  #typists({ threadId, party, stopped }: NonNullable<NonNullable<Frame["event"]>["typing"]>): void {
    if (threadId !== this.store.state.talk.chat?.id || party?.kind !== "PARTY_KIND_USER") return;
    clearTimeout(this.#typingTimer);
    const quiet = (): void => this.store.talk((talk) => (talk.typing ? { ...talk, typing: undefined } : talk));
    if (stopped) return quiet();
    this.store.talk((talk) => ({ ...talk, typing: party }));
    this.#typingTimer = setTimeout(quiet, TYPING);
  }
}
