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
  /** Told how many bytes are with the server. */
  onProgress?(sent: number): void;
  /** Ends the upload. */
  signal?: AbortSignal;
}

/** Uploads a file in parts, each tried again by the client's retries, and answers it as stored. */
export async function upload(client: Client<typeof FileService>, options: UploadOptions): Promise<StoredFile> {
  const { threadId, name, data, internal = false, attach = false, onProgress } = options;
  const call = options.signal ? { signal: options.signal } : {};
  const requestId = options.requestId ?? crypto.randomUUID();
  const begun = await client.createFile({ requestId, threadId, name, size: BigInt(data.size), internal }, call);
  const fileId = begun.file?.id ?? "";
  const partSize = Number(begun.partSize);
  if (fileId === "" || partSize < 1) throw new TypeError("the server answered no file to write to");
  for (let part = 0; part * partSize < data.size; ) {
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
