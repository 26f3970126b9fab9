import type { FileJson } from "../rpc/contract.ts";

/** A message that the visitor sent and the server has not confirmed yet. */
export interface Sending {
  /** The request id: the message comes back with it. */
  requestId: string;
  body: string;
  /** Finished files that go with it. */
  files: FileJson[];
  /** When it was written, as in Date.now(). */
  time: number;
  /** The page that the visitor was on. */
  page: string;
  referrer: string;
  /** E-mail address for an answer, or "". */
  email: string;
  /**
   * The chat that it goes into, "new" if it opens one. Unset until it is tried:
   * what was tried may have arrived, and must be repeated as it was.
   */
  to?: string;
  /** Why it failed for good; it waits for the visitor then. */
  failed?: string;
}

/** What a browser keeps of a visit, under one key. */
export interface Box {
  /** The visitor's token, or "". */
  token: string;
  outbox: Sending[];
}

/**
 * Keeps the visit in the iframe's own storage, which browsers part by the website
 * around it. All tabs share it, so every change reads it anew. Where storage is
 * blocked it lasts as long as the page.
 */
export class Vault {
  readonly #key: string;
  readonly #storage: Storage | undefined;
  #memory = "";

  constructor(channel: string, storage: Storage | undefined) {
    this.#key = `parley.${channel}`;
    this.#storage = storage;
  }

  /** The name of the key in local storage. */
  get key(): string {
    return this.#key;
  }

  /** True if other tabs of this website see the same. */
  get shared(): boolean {
    return this.#storage !== undefined;
  }

  read(): Box {
    const box: Box = { token: "", outbox: [] };
    try {
      Object.assign(box, JSON.parse((this.#storage ? this.#storage.getItem(this.#key) : this.#memory) || "{}"));
    } catch {
      // Spoiled by something else: begin anew.
    }
    return box;
  }

  edit(change: (box: Box) => void): Box {
    const box = this.read();
    change(box);
    this.#memory = JSON.stringify(box);
    try {
      this.#storage?.setItem(this.#key, this.#memory);
    } catch {
      // Full: it lasts as long as the page.
    }
    return box;
  }
}

/** A storage of this page that works, or undefined where it is blocked. */
export function usable(get: () => Storage): Storage | undefined {
  try {
    const storage = get();
    storage.setItem("parley", "");
    storage.removeItem("parley");
    return storage;
  } catch {
    return undefined;
  }
}
