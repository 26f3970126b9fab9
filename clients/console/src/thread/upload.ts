import { upload, type StoredFile } from "@parley/client";
import type { Client } from "@connectrpc/connect";
import { toFault, type Fault } from "../api/fault.ts";
import type { FileService } from "../api/contract.ts";

/** A file being sent, or sent and waiting for its message. */
export interface Upload {
  key: string;
  threadId: string;
  internal: boolean;
  name: string;
  size: number;
  /** Bytes that are with the server. */
  sent: number;
  state: "sending" | "ready" | "failed";
  file?: StoredFile;
  fault?: Fault;
}

interface Job {
  upload: Upload;
  source: Blob;
  abort: AbortController;
}

const NONE: readonly Upload[] = [];

/** Sends files in parts, one after another, and goes on where it was cut off. */
export class Uploader {
  readonly #client: Client<typeof FileService>;
  readonly #jobs = new Map<string, Job>();
  readonly #listeners = new Set<() => void>();
  #snapshots = new Map<string, readonly Upload[]>();

  constructor(client: Client<typeof FileService>) {
    this.#client = client;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The files waiting in a thread's composer of one mode. */
  list(threadId: string, internal: boolean): readonly Upload[] {
    return this.#snapshots.get(place(threadId, internal)) ?? NONE;
  }

  /** Begins to send a file. */
  add(threadId: string, internal: boolean, source: File): void {
    const key = crypto.randomUUID();
    const begun: Upload = { key, threadId, internal, name: source.name, size: source.size, sent: 0, state: "sending" };
    this.#jobs.set(key, { upload: begun, source, abort: new AbortController() });
    this.#tell();
    void this.#send(key);
  }

  /**
   * Takes in files that are with the server already, such as those of a draft; known
   * ones stay as they are. With `exact`, others that are with the server go.
   */
  adopt(threadId: string, internal: boolean, files: readonly StoredFile[], exact = false): void {
    const here = this.list(threadId, internal);
    const added = files.filter((file) => !here.some((one) => one.file?.id === file.id));
    const gone = exact ? here.filter((one) => one.state === "ready" && !files.some((file) => file.id === one.file?.id)) : [];
    if (added.length + gone.length === 0) return;
    for (const one of gone) this.#jobs.delete(one.key);
    for (const file of added) {
      const size = Number(file.size);
      const upload: Upload = { key: file.id, threadId, internal, name: file.name, size, sent: size, state: "ready", file };
      this.#jobs.set(upload.key, { upload, source: new Blob(), abort: new AbortController() });
    }
    this.#tell();
  }

  /** Tries again what failed. */
  retry(key: string): void {
    this.#change(key, { state: "sending", fault: undefined });
    void this.#send(key);
  }

  /** Takes a file out of the composer. */
  remove(key: string): void {
    this.#jobs.get(key)?.abort.abort();
    this.#jobs.delete(key);
    this.#tell();
  }

  /** Hands the finished files of a composer over to a message. */
  take(threadId: string, internal: boolean): StoredFile[] {
    const ready = this.list(threadId, internal).flatMap((one) => (one.state === "ready" && one.file ? [one] : []));
    for (const one of ready) this.#jobs.delete(one.key);
    this.#tell();
    return ready.flatMap((one) => (one.file ? [one.file] : []));
  }

  async #send(key: string): Promise<void> {
    const job = this.#jobs.get(key);
    if (!job) return;
    try {
      const { threadId, internal, name } = job.upload;
      const file = await upload(this.#client, {
        memory: localStorage, // the same file chosen after a reload goes on where it stopped
        threadId,
        internal,
        name,
        data: job.source,
        signal: job.abort.signal,
        onProgress: (sent) => this.#change(key, { sent }),
      });
      this.#change(key, { state: "ready", file, sent: job.upload.size });
    } catch (reason) {
      if (!job.abort.signal.aborted) this.#change(key, { state: "failed", fault: toFault(reason) });
    }
  }

  #change(key: string, change: Partial<Upload>): void {
    const job = this.#jobs.get(key);
    if (!job) return;
    job.upload = { ...job.upload, ...change };
    this.#tell();
  }

  #tell(): void {
    const lists = new Map<string, Upload[]>();
    for (const job of this.#jobs.values()) {
      const at = place(job.upload.threadId, job.upload.internal);
      lists.set(at, [...(lists.get(at) ?? []), job.upload]);
    }
    this.#snapshots = lists;
    for (const listener of this.#listeners) listener();
  }
}

function place(threadId: string, internal: boolean): string {
  return `${threadId}/${internal ? "note" : "message"}`;
}
