import { timestampDate, timestampMs } from "@bufbuild/protobuf/wkt";
import { MessageKind, type Message } from "../api/contract.ts";

/** What a thread shows, line by line. */
export type Row =
  | { kind: "day"; key: string; date: Date }
  | { kind: "new"; key: string }
  | { kind: "message"; key: string; message: Message; first: boolean; last: boolean }
  | { kind: "activity"; key: string; message: Message }
  | { kind: "change"; key: string; message: Message; first: boolean }
  | { kind: "system"; key: string; message: Message };

/** Messages of one author closer together than this stand under one name. */
export const GROUP_MS = 5 * 60 * 1000;

/** When a message was posted. */
export function postedAt(message: Message): Date {
  return message.createTime ? timestampDate(message.createTime) : new Date(0);
}

/**
 * Lays messages out: day dividers, groups, and one line where unread begins.
 * `readSeq` is how far the reader had read when the thread was opened; undefined
 * draws no line. Own messages never count as unread.
 */
export function toRows(messages: Message[], readSeq: bigint | undefined, self: string): Row[] {
  const rows: Row[] = [];
  let before: Message | undefined;
  let marked = readSeq === undefined || readSeq === 0n;
  for (const message of messages) {
    const newDay = !before || dayOf(before) !== dayOf(message);
    if (newDay) rows.push({ kind: "day", key: `day-${dayOf(message)}-${message.id}`, date: postedAt(message) });
    let newLine = false;
    if (!marked && readSeq !== undefined && message.seq > readSeq && message.author?.id !== self) {
      rows.push({ kind: "new", key: "new" });
      marked = true;
      newLine = true;
    }
    pushMessage(rows, message, newDay || newLine ? undefined : before);
    before = message;
  }
  return rows;
}

function pushMessage(rows: Row[], message: Message, before: Message | undefined): void {
  const joined = before !== undefined && continues(before, message);
  if (message.kind === MessageKind.SYSTEM) {
    rows.push({ kind: "system", key: message.id, message });
  } else if (message.kind === MessageKind.ACTIVITY && !message.deleteTime) {
    rows.push({ kind: "activity", key: message.id, message });
  } else if (message.kind === MessageKind.CHANGE) {
    rows.push({ kind: "change", key: message.id, message, first: !joined });
  } else {
    const previous = rows.at(-1);
    if (joined && previous?.kind === "message") previous.last = false;
    rows.push({ kind: "message", key: message.id, message, first: !joined, last: true });
  }
}

/** True if b stands in a's group. */
export function continues(a: Message, b: Message): boolean {
  return (
    a.kind === b.kind &&
    // A subject or an answer stands under its own name.
    b.subject === "" &&
    b.replyTo === undefined &&
    a.internal === b.internal &&
    a.author?.kind === b.author?.kind &&
    a.author?.id === b.author?.id &&
    milliseconds(b) - milliseconds(a) < GROUP_MS
  );
}

function milliseconds(message: Message): number {
  return message.createTime ? timestampMs(message.createTime) : 0;
}

function dayOf(message: Message): string {
  const date = postedAt(message);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}
