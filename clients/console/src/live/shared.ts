import { fromBinary, toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { threadOf, topicName, type Topic } from "@parley/client";
import { EventSchema, TopicClosedSchema, TopicOpenedSchema, TopicSchema } from "../api/contract.ts";
import type { Feed, FeedListener } from "./feed.ts";

/** What tabs tell one another. */
type Note =
  | { kind: "want"; tab: string; topics: Uint8Array[] }
  | { kind: "drop"; tab: string; topic: Uint8Array }
  | { kind: "bye"; tab: string }
  | { kind: "ask"; tab: string }
  | { kind: "lead"; open: boolean; roll: boolean }
  | { kind: "refused" }
  | { kind: "event" | "reset" | "resumed" | "closed"; bytes: Uint8Array };

/** How long a tab that comes into view waits for a sign of the leading one. */
const SIGN_MS = 4_000;

/** What a shared feed needs of the browser. */
export interface Sharing {
  locks: { request: (name: string, options: LockOptions, run: () => Promise<void>) => Promise<unknown> };
  channel: (name: string) => BroadcastChannel;
}

/** Sharing as this browser has it; undefined where it has not, as over plain http. */
export function sharing(): Sharing | undefined {
  if (!navigator.locks || typeof BroadcastChannel === "undefined") return undefined;
  return { locks: { request: (name, options, run) => navigator.locks.request(name, options, run) }, channel: (name) => new BroadcastChannel(name) };
}

interface Options {
  /** Tabs with the same name share. */
  name: string;
  topics: Topic[];
  sharing: Sharing;
  /** Opens the one stream, in the tab that leads. */
  open: (topics: Topic[], listener: FeedListener) => Feed;
}

/**
 * One stream for all tabs of a user: a browser has only six connections to a
 * server without HTTP/2. The tab that holds a lock leads and tells the others
 * what comes; when it goes, the next one takes over, with the cursors it saw.
 */
export class SharedFeed implements Feed {
  readonly #tab = crypto.randomUUID();
  readonly #listener: FeedListener;
  readonly #options: Options;
  readonly #channel: BroadcastChannel;
  readonly #stop = new AbortController();
  /** What this tab wants, with the newest cursors it saw. */
  readonly #own = new Map<string, Topic>();
  /** In the leading tab: who wants what. */
  readonly #wanted = new Map<string, Set<string>>();
  #stream: Feed | undefined;
  #isOpen = false;
  #greeted = false;
  #alarm: ReturnType<typeof setTimeout> | undefined;

  constructor(options: Options, listener: FeedListener) {
    this.#options = options;
    this.#listener = listener;
    for (const topic of options.topics) this.#own.set(topicName(topic), topic);
    this.#channel = options.sharing.channel(options.name);
    this.#channel.addEventListener("message", (message: MessageEvent<Note>) => this.#hear(message.data));
    const { signal } = this.#stop;
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#lookForLeader(), { signal });
    globalThis.addEventListener("pagehide", (event) => event.persisted || this.close(), { signal });
    this.#campaign(false);
    this.#post({ kind: "want", tab: this.#tab, topics: this.#packed() });
    this.#lookForLeader();
  }

  add(topic: Topic): void {
    if (this.#own.has(topicName(topic))) return;
    this.#own.set(topicName(topic), topic);
    this.#want(this.#tab, topic);
    this.#post({ kind: "want", tab: this.#tab, topics: [toBinary(TopicSchema, topic)] });
  }

  drop(topic: Topic): void {
    this.#own.delete(topicName(topic));
    this.#unwant(this.#tab, topic);
    this.#post({ kind: "drop", tab: this.#tab, topic: toBinary(TopicSchema, topic) });
  }

  topics(): Topic[] {
    return [...this.#own.values()];
  }

  leads(): boolean {
    return this.#stream !== undefined;
  }

  close(): void {
    if (this.#stop.signal.aborted) return;
    this.#post({ kind: "bye", tab: this.#tab });
    this.#stop.abort();
    clearTimeout(this.#alarm);
    this.#stream?.close();
    this.#stream = undefined;
    this.#channel.close();
  }

  /** Waits to lead, or takes the lead from a tab that gives no sign. */
  #campaign(steal: boolean): void {
    const { signal } = this.#stop;
    const lead = (): Promise<void> => {
      if (signal.aborted) return Promise.resolve();
      this.#lead();
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
    };
    const { locks } = this.#options.sharing;
    const request = steal ? locks.request(this.#options.name, { steal }, lead) : locks.request(this.#options.name, { signal }, lead);
    request.catch(() => {
      // The lead was taken from this tab: follow, and wait for the next turn.
      this.#stream?.close();
      this.#stream = undefined;
      if (!signal.aborted) this.#campaign(false);
    });
  }

  #lead(): void {
    if (this.#stream) return;
    clearTimeout(this.#alarm);
    this.#wanted.clear();
    for (const topic of this.#own.values()) this.#wanters(topic).add(this.#tab);
    this.#stream = this.#options.open(this.topics(), {
      event: (event) => {
        this.#heardEvent(event);
        this.#tell("event", EventSchema, event);
      },
      reset: (opened) => {
        this.#listener.reset(opened);
        this.#tell("reset", TopicOpenedSchema, opened);
      },
      resumed: (opened) => {
        this.#listener.resumed(opened);
        this.#tell("resumed", TopicOpenedSchema, opened);
      },
      closed: (closed) => {
        this.#listener.closed(closed);
        this.#tell("closed", TopicClosedSchema, closed);
      },
      open: (is) => {
        this.#become(is);
        this.#post({ kind: "lead", open: is, roll: false });
      },
      refused: () => {
        this.#listener.refused();
        this.#post({ kind: "refused" });
      },
    });
    this.#post({ kind: "lead", open: this.#isOpen, roll: true });
  }

  #hear(note: Note): void {
    switch (note.kind) {
      case "want":
        for (const bytes of note.topics) this.#want(note.tab, fromBinary(TopicSchema, bytes));
        break;
      case "drop":
        this.#unwant(note.tab, fromBinary(TopicSchema, note.topic));
        break;
      case "bye":
        for (const wanters of this.#wanted.values()) wanters.delete(note.tab);
        break;
      case "ask":
        if (this.#stream) this.#post({ kind: "lead", open: this.#isOpen, roll: false });
        break;
      case "lead":
        this.#followed(note.open, note.roll);
        break;
      case "refused":
        this.#listener.refused();
        break;
      default:
        this.#told(note.kind, note.bytes);
    }
  }

  /** The leading tab gave a sign. */
  #followed(open: boolean, roll: boolean): void {
    clearTimeout(this.#alarm);
    if (this.#stream) return;
    if (roll) this.#post({ kind: "want", tab: this.#tab, topics: this.#packed() });
    // What was told before this tab listened is in nothing it will hear.
    if (!this.#greeted) this.#resetStates();
    this.#greeted = true;
    this.#become(open);
  }

  #resetStates(): void {
    for (const topic of this.#own.values()) {
      if (topic.kind.case !== "threadId") this.#listener.reset(openedAt(topic));
    }
  }

  #told(kind: "event" | "reset" | "resumed" | "closed", bytes: Uint8Array): void {
    if (this.#stream) return;
    if (kind === "event") this.#heardEvent(fromBinary(EventSchema, bytes));
    else if (kind === "reset") this.#listener.reset(fromBinary(TopicOpenedSchema, bytes));
    else if (kind === "resumed") this.#listener.resumed(fromBinary(TopicOpenedSchema, bytes));
    else this.#listener.closed(fromBinary(TopicClosedSchema, bytes));
  }

  #heardEvent(event: MessageShape<typeof EventSchema>): void {
    const threadId = threadOf(event);
    const topic = threadId === undefined ? undefined : this.#own.get(`thread ${threadId}`);
    if (topic && event.cursor !== "") topic.cursor = event.cursor;
    this.#listener.event(event);
  }

  #want(tab: string, topic: Topic): void {
    if (!this.#stream) return;
    this.#wanters(topic).add(tab);
    this.#stream.add(topic);
  }

  #unwant(tab: string, topic: Topic): void {
    if (!this.#stream) return;
    const wanters = this.#wanters(topic);
    wanters.delete(tab);
    if (wanters.size === 0) this.#stream.drop(topic);
  }

  #wanters(topic: Topic): Set<string> {
    const wanters = this.#wanted.get(topicName(topic)) ?? new Set<string>();
    this.#wanted.set(topicName(topic), wanters);
    return wanters;
  }

  /** Asks who leads; where nobody answers the lead is taken. */
  #lookForLeader(): void {
    if (this.#stream) return;
    clearTimeout(this.#alarm);
    this.#alarm = setTimeout(() => this.#campaign(true), SIGN_MS);
    this.#post({ kind: "ask", tab: this.#tab });
  }

  #become(open: boolean): void {
    this.#isOpen = open;
    this.#listener.open(open);
  }

  #packed(): Uint8Array[] {
    return this.topics().map((topic) => toBinary(TopicSchema, topic));
  }

  #tell<D extends DescMessage>(kind: "event" | "reset" | "resumed" | "closed", schema: D, message: MessageShape<D>): void {
    this.#post({ kind, bytes: toBinary(schema, message) });
  }

  #post(note: Note): void {
    if (!this.#stop.signal.aborted) this.#channel.postMessage(note);
  }
}

function openedAt(topic: Topic): MessageShape<typeof TopicOpenedSchema> {
  return { $typeName: "parley.live.v1.TopicOpened", topic, continuity: 2, resetReason: 2, readMarks: [] };
}
