import type { ChatJson, MessageJson, PartyJson, WidgetJson } from "../rpc/contract.ts";
import type { Sending } from "./vault.ts";

/** The conversation. */
export interface Talk {
  /** The chat on the screen; undefined as long as nothing was said. */
  chat: ChatJson | undefined;
  /** Its messages without gaps, by seq. */
  messages: readonly MessageJson[];
  /** What is being sent, oldest first. */
  outbox: readonly Sending[];
  /** True if the server has older messages. */
  hasBefore: boolean;
  /** Where the subscription goes on. */
  cursor: string;
  /** How far the visitor has read. */
  readSeq: number;
  /** How far somebody of the other side has read. */
  othersRead: number;
  /** Who of the other side types. */
  typing: PartyJson | undefined;
}

/** A conversation in which nothing was said. */
export const NOTHING: Talk = {
  chat: undefined,
  messages: [],
  outbox: [],
  hasBefore: false,
  cursor: "",
  readSeq: 0,
  othersRead: 0,
  typing: undefined,
};

/** All that is shown. */
export interface State {
  talk: Talk;
  /** How the channel presents itself; undefined until it is known. */
  widget: WidgetJson | undefined;
  /** True once it is known whether there is a chat, and its messages are here. */
  loaded: boolean;
  /** True while older messages are being fetched. */
  paging: boolean;
  /** False if the server cannot be reached at the moment. */
  up: boolean;
  /** True while the panel is open. */
  open: boolean;
}

/** Holds the state and tells of its changes. */
export class Store {
  state: State = { talk: NOTHING, widget: undefined, loaded: false, paging: false, up: true, open: false };
  readonly #watchers = new Set<() => void>();

  set(patch: Partial<State>): void {
    this.state = { ...this.state, ...patch };
    for (const watcher of this.#watchers) watcher();
  }

  /** Changes the conversation. */
  talk(change: (talk: Talk) => Talk): void {
    const talk = change(this.state.talk);
    if (talk !== this.state.talk) this.set({ talk });
  }

  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
