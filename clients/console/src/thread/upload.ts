import type { Client } from "@connectrpc/connect";
import { isPassing, toFault, type Fault } from "../api/fault.ts";
import type { File as StoredFile, FileService } from "../api/contract.ts";
import { backoff, rest } from "../live/backoff.ts";

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

/** A file to send. */
export interface Transfer {
  /** The same one again goes on where it stopped. */
  requestId: string;
  threadId: string;
  internal: boolean;
  /** True to list the file under the thread without a message. */
  attach: boolean;
  name: string;
  source: Blob;
  signal?: AbortSignal;
  /** Told of the bytes that are with the server. */
  progress?: (sent: number) => void;
}

/** Sends a file in parts, each repeated while it fails for a passing reason. */
export async function transfer(client: Client<typeof FileService>, job: Transfer): Promise<StoredFile | undefined> {
  const { requestId, threadId, internal, attach, name, source, signal } = job;
  const size = source.size;
  const begun = await persist(signal, () => client.createFile({ requestId, threadId, name, size: BigInt(size), internal }, { signal }));
  const fileId = begun.file?.id ?? "";
  const partSize = Math.max(1, Number(begun.partSize));
  for (let part = 0; part * partSize < size; ) {
    const data = new Uint8Array(await source.slice(part * partSize, (part + 1) * partSize).arrayBuffer());
    const answer = await persist(signal, () => client.writeFile({ fileId, part, data }, { signal }));
    part = Math.max(part + 1, answer.nextPart);
    job.progress?.(Math.min(size, part * partSize));
  }
  return (await persist(signal, () => client.finishFile({ fileId, attach }, { signal }))).file;
}

async function persist<T>(signal: AbortSignal | undefined, step: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await step();
    } catch (reason) {
      if (signal?.aborted || attempt >= 4 || !isPassing(toFault(reason))) throw reason;
      await rest(backoff(attempt), signal);
    }
  }
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
    const upload: Upload = { key, threadId, internal, name: source.name, size: source.size, sent: 0, state: "sending" };
    this.#jobs.set(key, { upload, source, abort: new AbortController() });
    this.#tell();
    void this.#send(key);
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
    const ready = this.list(threadId, internal).flatMap((upload) => (upload.state === "ready" && upload.file ? [upload] : []));
    for (const upload of ready) this.#jobs.delete(upload.key);
    this.#tell();
    return ready.flatMap((upload) => (upload.file ? [upload.file] : []));
  }

  async #send(key: string): Promise<void> {
    const job = this.#jobs.get(key);
    if (!job) return;
    try {
      const { upload, source, abort } = job;
      const file = await transfer(this.#client, {
        requestId: key,
        threadId: upload.threadId,
        internal: upload.internal,
        attach: false,
        name: upload.name,
        source,
        signal: abort.signal,
        progress: (sent) => this.#change(key, { sent }),
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
    for (const { upload } of this.#jobs.values()) {
      const at = place(upload.threadId, upload.internal);
      lists.set(at, [...(lists.get(at) ?? []), upload]);
    }
    this.#snapshots = lists;
    for (const listener of this.#listeners) listener();
  }
}

function place(threadId: string, internal: boolean): string {
  return `${threadId}/${internal ? "note" : "message"}`;
}
