import type { Client } from "../rpc/client.ts";
import type { FileJson } from "../rpc/contract.ts";
import { asFault } from "../rpc/fault.ts";
import type { Conversation } from "../core/conversation.ts";
import { backoff, rest } from "../core/time.ts";
import { uuid } from "../core/uuid.ts";
import type { Store } from "../core/store.ts";

/** A file that the visitor attached. */
export interface Upload {
  /** Also the request id. */
  key: string;
  name: string;
  size: number;
  blob: Blob;
  /** How much of it arrived, from 0 to 1. */
  progress: number;
  /** The finished file. */
  file?: FileJson;
  /** True if it is too big; nothing of it is sent. */
  tooBig?: boolean;
  failed?: boolean;
}

const PART = 1 << 20;
const ATTEMPTS = 8;
/** One message takes so many. */
const MOST = 20;

/**
 * The files of the message being written. They go up one after the other as soon
 * as there is a chat to belong to.
 */
export class Uploads {
  items: readonly Upload[] = [];
  readonly #conversation: Conversation;
  readonly #store: Store;
  readonly #watchers = new Set<() => void>();
  #busy = false;
  #follow = false;

  constructor(conversation: Conversation, store: Store) {
    this.#conversation = conversation;
    this.#store = store;
    store.watch(() => void this.#work());
  }

  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Bytes that a file may have. */
  get limit(): number {
    return Number(this.#store.state.widget?.maxFileSize ?? 0) || 25 << 20;
  }

  /** True if everything that can go has arrived. */
  get ready(): boolean {
    return this.items.every((item) => item.file ?? item.tooBig);
  }

  add(files: Iterable<File>): void {
    const room = MOST - this.items.length;
    const added = [...files].filter((file) => file.size > 0).slice(0, room).map((file): Upload => ({
      key: uuid(),
      name: file.name.slice(-255) || "file",
      size: file.size,
      blob: file,
      progress: 0,
      ...(file.size > this.limit && { tooBig: true }),
    }));
    this.#set([...this.items, ...added]);
    void this.#work();
  }

  remove(key: string): void {
    this.#set(this.items.filter((item) => item.key !== key));
    this.#sendIfReady();
  }

  retry(key: string): void {
    this.#change(key, { failed: false });
    void this.#work();
  }

  /** Takes out the finished files, to go with a message. */
  take(): FileJson[] {
    const files = this.items.flatMap(({ file }) => (file ? [file] : []));
    this.#set([]);
    return files;
  }

  /** Sends the files as a message of their own, once they have arrived. */
  follow(): void {
    this.#follow = true;
    this.#sendIfReady();
  }

  #sendIfReady(): void {
    if (!this.#follow || !this.ready) return;
    this.#follow = false;
    const files = this.take();
    if (files.length > 0) this.#conversation.send("", files);
  }

  async #work(): Promise<void> {
    const threadId = this.#store.state.talk.chat?.id;
    if (this.#busy || !threadId) return;
    this.#busy = true;
    try {
      for (;;) {
        const item = this.items.find((one) => !one.file && !one.tooBig && !one.failed);
        if (!item) break;
        await this.#upload(item, threadId);
      }
    } finally {
      this.#busy = false;
    }
    this.#sendIfReady();
  }

  async #upload(item: Upload, threadId: string): Promise<void> {
    const here = (): boolean => this.items.some(({ key }) => key === item.key);
    for (let attempt = 0; here(); attempt++) {
      try {
        const file = await put(this.#conversation.client, item, threadId, (progress) => {
          if (!here()) throw new Error("removed");
          this.#change(item.key, { progress });
        });
        this.#change(item.key, { file, progress: 1 });
        return;
      } catch (thrown) {
        const fault = asFault(thrown);
        if (!fault.transient || attempt >= ATTEMPTS) return this.#change(item.key, { failed: true });
        if (here()) await rest(fault.retryAfter || backoff(attempt));
      }
    }
  }

  #change(key: string, patch: Partial<Upload>): void {
    this.#set(this.items.map((item) => (item.key === key ? { ...item, ...patch } : item)));
  }

  #set(items: readonly Upload[]): void {
    this.items = items;
    for (const watcher of this.#watchers) watcher();
  }
}

/** Sends a file part by part. Doing it again goes over what arrived before without harm. */
async function put(client: Client, item: Upload, threadId: string, progress: (share: number) => void): Promise<FileJson> {
  const created = await client.call("thread.v1.FileService/CreateFile", {
    requestId: item.key,
    threadId,
    name: item.name,
    size: String(item.size),
  });
  const fileId = created.file?.id ?? "";
  const size = Number(created.partSize ?? 0) || PART;
  for (let part = 0; part * size < item.size; part++) {
    const data = await base64(item.blob.slice(part * size, (part + 1) * size));
    await client.call("thread.v1.FileService/WriteFile", { fileId, part, data }, { timeout: 120_000 });
    progress(Math.min(1, ((part + 1) * size) / item.size));
  }
  const { file } = await client.call("thread.v1.FileService/FinishFile", { fileId });
  return file ?? { id: fileId, name: item.name, size: String(item.size) };
}

function base64(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(String(reader.result).replace(/^.*?,/, "")));
    reader.addEventListener("error", () => reject(reader.error ?? new Error("unreadable file")));
    reader.readAsDataURL(blob);
  });
}
