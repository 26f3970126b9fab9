import { BinaryReader } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";

/** What a failed call tells. */
export interface Failure {
  /** The canonical code. */
  code: Code;
  /** Stable name of the failure for programs, such as "CHAT_CLOSED"; empty if the server gave none. */
  reason: string;
  /** The sentence for people. */
  message: string;
  /** Facts for programs. */
  metadata: Readonly<Record<string, string>>;
  /** The request's fields at fault. */
  fields: readonly { path: string; message: string }[];
  /** Names the request in the server's log, for a message to support; may be empty. */
  requestId: string;
  /** How long the server asks to wait before trying again, in milliseconds; unset if it does not say. */
  retryAfterMs: number | undefined;
}

/** Reads what anything thrown by a call tells. It never throws. */
export function explain(error: unknown): Failure {
  const known = ConnectError.from(error);
  const failure = {
    code: known.code,
    reason: "",
    message: known.rawMessage,
    metadata: {} as Record<string, string>,
    fields: [] as { path: string; message: string }[],
    requestId: known.metadata.get("x-request-id") ?? "",
    retryAfterMs: undefined as number | undefined,
  };
  for (const detail of known.details) {
    if (!("type" in detail)) continue;
    const fields = readFields(detail.value);
    switch (detail.type) {
      case "google.rpc.ErrorInfo":
        failure.reason ||= text(fields, 1);
        for (const entry of nested(fields, 3)) failure.metadata[text(entry, 1)] = text(entry, 2);
        break;
      case "google.rpc.BadRequest":
        for (const violation of nested(fields, 1)) failure.fields.push({ path: text(violation, 1), message: text(violation, 2) });
        break;
      case "google.rpc.RequestInfo":
        failure.requestId ||= text(fields, 1);
        break;
      case "google.rpc.RetryInfo":
        for (const delay of nested(fields, 1)) failure.retryAfterMs = number(delay, 1) * 1_000 + number(delay, 2) / 1_000_000;
        break;
      default:
    }
  }
  return failure;
}

/** The stable name of a failure, such as "CHAT_CLOSED"; empty if it has none. */
export function reason(error: unknown): string {
  return explain(error).reason;
}

/** What names the failed request in the server's log; empty if it never got there. */
export function requestId(error: unknown): string {
  return explain(error).requestId;
}

/** True for a failure of the network, or of a server that will be well again. */
export function isPassing(error: unknown): boolean {
  const known = ConnectError.from(error);
  switch (known.code) {
    case Code.Unavailable:
      return true;
    case Code.Aborted:
    case Code.ResourceExhausted:
      return explain(known).retryAfterMs !== undefined;
    case Code.Unknown:
      // Not an answer of the server: fetch failed, or the connection broke.
      return !known.isWireError;
    default:
      return false;
  }
}

/** True for what a connection that broke in the middle of a stream looks like. */
export function isBroken(error: unknown): boolean {
  const known = ConnectError.from(error);
  return !known.isWireError && [Code.Unknown, Code.Internal, Code.InvalidArgument].includes(known.code);
}

/** A message without its schema: what a reader needs of google.rpc's details. */
type Fields = ReadonlyMap<number, readonly (Uint8Array | number)[]>;

function readFields(bytes: Uint8Array): Fields {
  const fields = new Map<number, (Uint8Array | number)[]>();
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (type !== 0 && type !== 2) {
        reader.skip(type, field);
        continue;
      }
      const values = fields.get(field) ?? [];
      values.push(type === 0 ? Number(reader.int64()) : reader.bytes());
      fields.set(field, values);
    }
  } catch {
    // A detail that cannot be read tells nothing; the error itself still does.
  }
  return fields;
}

function nested(fields: Fields, field: number): Fields[] {
  return (fields.get(field) ?? []).flatMap((value) => (typeof value === "number" ? [] : [readFields(value)]));
}

function text(fields: Fields, field: number): string {
  const value = fields.get(field)?.[0];
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : "";
}

function number(fields: Fields, field: number): number {
  const value = fields.get(field)?.[0];
  return typeof value === "number" ? value : 0;
}
