import { Fault } from "./fault.ts";

/** One message of a Connect stream. */
export interface Envelope {
  /** True for the last one, which holds the trailer and no message. */
  end: boolean;
  data: Uint8Array;
}

const HEADER = 5;
const COMPRESSED = 1;
const END = 2;
/** Larger than any frame; what claims to be more is not a stream of ours. */
const MOST = 16 << 20;

/** Frames a message of a Connect stream. */
export function enclose(message: unknown): Uint8Array<ArrayBuffer> {
  const data = new TextEncoder().encode(JSON.stringify(message));
  const framed = new Uint8Array(HEADER + data.length);
  new DataView(framed.buffer).setUint32(1, data.length);
  framed.set(data, HEADER);
  return framed;
}

/** Cuts a stream of bytes, which may be split anywhere, into its messages. */
export class Splitter {
  #held: Uint8Array = new Uint8Array(0);

  /** Takes more bytes and answers the messages that are complete now. */
  push(chunk: Uint8Array): Envelope[] {
    const bytes = this.#join(chunk);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const envelopes: Envelope[] = [];
    let at = 0;
    while (bytes.length - at >= HEADER) {
      const flags = view.getUint8(at);
      const size = view.getUint32(at + 1);
      if (flags & COMPRESSED || size > MOST) throw new Fault("internal", "unreadable stream");
      if (bytes.length - at - HEADER < size) break;
      const data = bytes.subarray(at + HEADER, at + HEADER + size);
      envelopes.push({ end: (flags & END) !== 0, data });
      at += HEADER + size;
    }
    this.#held = bytes.subarray(at);
    return envelopes;
  }

  #join(chunk: Uint8Array): Uint8Array {
    if (this.#held.length === 0) return chunk;
    const bytes = new Uint8Array(this.#held.length + chunk.length);
    bytes.set(this.#held);
    bytes.set(chunk, this.#held.length);
    return bytes;
  }
}
