import type { Client } from "../rpc/client.ts";
import type { ChatJson, MessageJson } from "../rpc/contract.ts";
import { asFault, type Fault } from "../rpc/fault.ts";
import type { Store } from "./store.ts";
import * as talks from "./talk.ts";
import { backoff, rest } from "./time.ts";
import type { Sending, Vault } from "./vault.ts";
import type { Visit } from "./visit.ts";

/** What the courier tells. */
export interface CourierListener {
  /** A message opened this chat. */
  opened(chat: ChatJson): void;
  /** The server knows of no such visitor, or no such chat, any more. */
  lost(): void;
}

/**
 * Brings what the visitor writes to the server, one after the other and each
 * under its request id until it is confirmed, so that nothing is lost or doubled
 * by a bad network, a reload, or a server that starts anew.
 */
export class Courier {
  readonly #client: Client;
  readonly #store: Store;
  readonly #vault: Vault;
  readonly #visit: Visit;
  readonly #listener: CourierListener;
  #busy = false;

  constructor(client: Client, store: Store, vault: Vault, visit: Visit, listener: CourierListener) {
    this.#client = client;
    this.#store = store;
    this.#vault = vault;
    this.#visit = visit;
    this.#listener = listener;
  }

  /** Takes a message to be sent, at once or as soon as that is possible. */
  send(item: Sending): void {
    this.#keep(item);
    void this.#work();
  }

  /** Goes on with what an earlier page could not send. */
  resume(): void {
    for (const item of this.#vault.read().outbox) this.#store.talk((talk) => talks.sending(talk, item));
    void this.#work();
  }

  /** Tries a message that failed once more; without one, all that failed. */
  retry(requestId?: string): void {
    for (const item of this.#store.state.talk.outbox) {
      if (item.failed === undefined || (requestId && item.requestId !== requestId)) continue;
      const { failed: _, ...again } = item;
      this.#keep(again);
    }
    void this.#work();
  }

  /** Forgets a message that failed. */
  discard(requestId: string): void {
    this.#vault.edit((box) => (box.outbox = box.outbox.filter((item) => item.requestId !== requestId)));
    this.#store.talk((talk) => talks.dropped(talk, requestId));
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (;;) {
        const item = this.#store.state.talk.outbox.find(({ failed }) => failed === undefined);
        if (!item) return;
        await this.#deliver(item);
      }
    } finally {
      this.#busy = false;
    }
  }

  /** Sends one message, again and again until the server has answered. */
  async #deliver(item: Sending): Promise<void> {
    for (let attempt = 0; this.#waits(item.requestId); attempt++) {
      try {
        await this.#visit.begin();
        const target = item.to ?? this.#store.state.talk.chat?.id ?? "new";
        if (target !== item.to) this.#keep((item = { ...item, to: target }));
        this.#arrived(item, await (target === "new" ? this.#open(item) : this.#post(item, target)));
        return;
      } catch (thrown) {
        const fault = asFault(thrown);
        const settled = this.#refused(item, fault);
        if (settled) return;
        await rest(fault.retryAfter || (fault.transient ? backoff(attempt) : 0));
        item = this.#store.state.talk.outbox.find((other) => other.requestId === item.requestId) ?? item;
      }
    }
  }

  /** Decides about a failure; true if the message is not to be tried again. */
  #refused(item: Sending, fault: Fault): boolean {
    if (fault.transient) return false;
    const { to, ...fresh } = item;
    const gone = fault.code === "unauthenticated" || (fault.code === "not_found" && to !== "new");
    if (gone && to !== undefined) {
      this.#keep(fresh);
      if (fault.code === "unauthenticated") this.#visit.forget();
      this.#listener.lost();
      return false;
    }
    if (fault.reason === "CHAT_CLOSED") {
      this.#store.talk((talk) => (talk.chat ? { ...talk, chat: { ...talk.chat, state: "CHAT_STATE_CLOSED" } } : talk));
    }
    this.#keep({ ...item, failed: fault.reason || fault.code });
    return true;
  }

  async #open(item: Sending): Promise<MessageJson | undefined> {
    const { chat, message } = await this.#client.call("visitor.v1.VisitorService/OpenChat", {
      requestId: item.requestId,
      channelId: this.#visit.channel,
      body: item.body,
      pageUrl: item.page,
      referrer: item.referrer,
      ...(item.email && { email: item.email }),
    });
    if (chat) this.#listener.opened(chat);
    return message;
  }

  async #post(item: Sending, chatId: string): Promise<MessageJson | undefined> {
    const { message } = await this.#client.call("visitor.v1.VisitorService/PostMessage", {
      requestId: item.requestId,
      chatId,
      body: item.body,
      fileIds: item.files.map(({ id }) => id ?? ""),
    });
    return message;
  }

  #arrived(item: Sending, message: MessageJson | undefined): void {
    this.#vault.edit((box) => (box.outbox = box.outbox.filter(({ requestId }) => requestId !== item.requestId)));
    this.#store.talk((talk) => talks.dropped(message ? talks.receive(talk, message) : talk, item.requestId));
  }

  #waits(requestId: string): boolean {
    return this.#store.state.talk.outbox.some((item) => item.requestId === requestId && item.failed === undefined);
  }

  #keep(item: Sending): void {
    this.#vault.edit((box) => {
      const at = box.outbox.findIndex(({ requestId }) => requestId === item.requestId);
      if (at < 0) box.outbox.push(item);
      else box.outbox[at] = item;
    });
    this.#store.talk((talk) => talks.sending(talk, item));
  }
}
