// oxlint-disable no-await-in-loop -- each step follows from the one before
import type { Client } from "@connectrpc/connect";
import { pause, realClock, type Backoff, type Clock } from "./clock.js";
import { explain, isBroken, isPassing } from "./failure.js";
import type { FileService } from "./gen/parley/thread/v1/file_service_pb.js";
import type { File as StoredFile } from "./gen/parley/thread/v1/thread_pb.js";

/** So many attempts in a row without a byte, and a download fails. */
const ATTEMPTS = 6;

/** A file to upload. */
export interface UploadOptions {
  /** UUID of the thread that the file is for. */
  threadId: string;
  /** The name to show. */
  name: string;
  /** The bytes: a browser's File, or any Blob. At most one part of them, 1 MiB, is read at a time. */
  data: Blob;
  /** True for a file that only internal users may read. */
  internal?: boolean;
  /** True to list the file under the thread at once; otherwise name its id in a post. */
  attach?: boolean;
  /** UUID that names this upload: the same one goes on where an interrupted upload stopped. Made up if unset. */
  requestId?: string;
  /**
   * Where the ids of unfinished uploads are kept, such as `localStorage`: then the
   * same file for the same thread, chosen again after a reload, goes on where it
   * stopped. What is finished is forgotten.
   */
  memory?: UploadMemory;
  /** Told how many bytes are with the server. */
  onProgress?(sent: number): void;
  /** Ends the upload. */
  signal?: AbortSignal;
}

/** Keeps short texts by name, as a browser's Storage does. */
export type UploadMemory = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** What is being sent with a memory at the moment: the same file twice is two files. */
const sending = new WeakMap<UploadMemory, Set<string>>();

/** Uploads a file in parts, each tried again by the client's retries, and answers it as stored. */
export async function upload(client: Client<typeof FileService>, options: UploadOptions): Promise<StoredFile> {
  const { memory } = options;
  const key = memoryKey(options);
  const busy = (memory && sending.get(memory)) ?? new Set();
  if (!memory || busy.has(key)) return await send(client, options, options.requestId ?? crypto.randomUUID());
  sending.set(memory, busy.add(key));
  const requestId = options.requestId ?? memory.getItem(key) ?? crypto.randomUUID();
  memory.setItem(key, requestId);
  try {
    const file = await send(client, options, requestId);
    memory.removeItem(key);
    return file;
  } catch (error) {
    // Only what may pass, or was cut off from here, is worth going on with.
    if (!options.signal?.aborted && !isPassing(error) && !isBroken(error)) memory.removeItem(key);
    throw error;
  } finally {
    busy.delete(key);
  }
}

/** Names a file as well as a browser lets one: by place, name, size and time. */
function memoryKey({ threadId, name, data, internal = false }: UploadOptions): string {
  const time = "lastModified" in data ? String(data.lastModified) : "";
  return ["parley.upload", threadId, internal ? "internal" : "", data.size, time, name].join("/");
}

async function send(client: Client<typeof FileService>, options: UploadOptions, requestId: string): Promise<StoredFile> {
  const { threadId, name, data, internal = false, attach = false, onProgress } = options;
  const call = options.signal ? { signal: options.signal } : {};
  const begun = await client.createFile({ requestId, threadId, name, size: BigInt(data.size), internal }, call);
  const fileId = begun.file?.id ?? "";
  const partSize = Number(begun.partSize);
  if (fileId === "" || partSize < 1) throw new TypeError("the server answered no file to write to");
  if (begun.nextPart > 0) onProgress?.(Math.min(data.size, begun.nextPart * partSize));
  for (let part = begun.nextPart; part * partSize < data.size; ) {
    const bytes = await data.slice(part * partSize, (part + 1) * partSize).arrayBuffer();
    const { nextPart } = await client.writeFile({ fileId, part, data: new Uint8Array(bytes) }, call);
    part = Math.max(part + 1, nextPart);
    onProgress?.(Math.min(data.size, part * partSize));
  }
  const { file } = await client.finishFile({ fileId, attach }, call);
  if (!file) throw new TypeError("the server answered no finished file");
  return file;
}

/** How to download. */
export interface DownloadOptions {
  /** Where to begin, in bytes. */
  offset?: number;
  /** Ends the download. */
  signal?: AbortSignal;
  /** How long to wait between attempts. */
  backoff?: Backoff;
  /** For tests. */
  clock?: Clock;
}

/**
 * Yields a file's bytes in order, and goes on where it stopped when the
 * connection is lost. Collect them with `new Blob(await Array.fromAsync(...))`,
 * or write each away as it comes.
 */
export async function* download(
  client: Client<typeof FileService>,
  fileId: string,
  options: DownloadOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal, backoff, clock = realClock } = options;
  let at = options.offset ?? 0;
  for (let failures = 0; ; failures++) {
    const attempt = new AbortController();
    const either = signal ? AbortSignal.any([signal, attempt.signal]) : attempt.signal;
    try {
      for await (const { data } of client.readFile({ fileId, offset: BigInt(at) }, { signal: either })) {
        at += data.length;
        failures = 0;
        yield data;
      }
      return;
    } catch (error) {
      if (either.aborted || failures + 1 >= ATTEMPTS || !(isPassing(error) || isBroken(error))) throw error;
      await clock.wait(Math.max(pause(failures, backoff), explain(error).retryAfterMs ?? 0), either);
    } finally {
      attempt.abort(); // also when the reader stops early
    }
  }
}
