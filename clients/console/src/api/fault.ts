import { BinaryReader } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";

/** What a failed call tells, in the form the console shows it. */
export interface Fault {
  code: Code;
  /** Stable name of the failure, for example "CHAT_CLOSED"; may be empty. */
  reason: string;
  /** The server's sentence for people. */
  message: string;
  /** Facts for programs. */
  metadata: Record<string, string>;
  /** The path of the request's field at fault; may be empty. */
  field: string;
  /** Names the request in the server's log; may be empty. */
  requestId: string;
}

/** Reads a failure of any kind. */
export function toFault(reason: unknown): Fault {
  const error = ConnectError.from(reason);
  let info: Pick<Fault, "reason" | "metadata"> = { reason: "", metadata: {} };
  let field = "";
  for (const detail of error.details) {
    if (!("type" in detail)) continue;
    if (detail.type === "google.rpc.ErrorInfo") info = readErrorInfo(detail.value);
    if (detail.type === "google.rpc.BadRequest") field ||= readFirstField(detail.value);
  }
  return {
    code: error.code,
    reason: info.reason,
    message: error.rawMessage,
    metadata: info.metadata,
    field: field || (info.metadata["field"] ?? ""),
    requestId: error.metadata.get("x-request-id") ?? info.metadata["request_id"] ?? "",
  };
}

/** True if trying again without changing anything may help. */
export function isPassing(fault: Fault): boolean {
  return [Code.Unavailable, Code.DeadlineExceeded, Code.Unknown, Code.Internal, Code.ResourceExhausted, Code.Aborted]
    .includes(fault.code);
}

function readErrorInfo(bytes: Uint8Array): Pick<Fault, "reason" | "metadata"> {
  const metadata: Record<string, string> = {};
  let reason = "";
  eachField(bytes, (number, reader) => {
    if (number === 1) reason = reader.string();
    else if (number === 3) {
      const [key, value] = readEntry(reader.bytes());
      metadata[key] = value;
    } else return false;
    return true;
  });
  return { reason, metadata };
}

function readEntry(bytes: Uint8Array): [string, string] {
  const entry: [string, string] = ["", ""];
  eachField(bytes, (number, reader) => {
    if (number !== 1 && number !== 2) return false;
    entry[number === 1 ? 0 : 1] = reader.string();
    return true;
  });
  return entry;
}

function readFirstField(bytes: Uint8Array): string {
  let field = "";
  eachField(bytes, (number, reader) => {
    if (number !== 1) return false;
    const [name] = readEntry(reader.bytes());
    field ||= name;
    return true;
  });
  return field;
}

/** Walks a message; what `take` leaves (by returning false) is skipped. */
function eachField(bytes: Uint8Array, take: (number: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (!take(number, reader)) reader.skip(type, number);
  }
}
