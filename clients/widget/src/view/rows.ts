import type { MessageJson } from "../rpc/contract.ts";
import type { Sending } from "../core/vault.ts";
import type { Talk } from "../core/store.ts";
import { own, seqOf } from "../core/talk.ts";

/** Something said, by the visitor or to them. */
export interface Said {
  kind: "said";
  key: string;
  own: boolean;
  /** The first and the last of what one person said without a pause. */
  first: boolean;
  last: boolean;
  time: number;
  /** One of the two: what has a place, or what is being sent. */
  message?: MessageJson;
  sending?: Sending;
}

/** One row of the conversation. */
export type Row =
  | { kind: "day"; key: string; time: number }
  | { kind: "new"; key: string }
  | { kind: "system"; key: string; message: MessageJson }
  | Said;

/** What one person says within five minutes stands together. */
const TOGETHER = 5 * 60_000;

/** The rows of a conversation; newFrom is the last seq read before the panel was opened. */
export function rowsOf(talk: Talk, newFrom: number | undefined): Row[] {
  const rows: Row[] = [];
  let day = "";
  let divided = newFrom === undefined;
  const begin = (time: number): void => {
    const date = new Date(time).toDateString();
    if (date !== day) rows.push({ kind: "day", key: date, time });
    day = date;
  };
  for (const message of talk.messages) {
    if (!shown(message)) continue;
    const time = Date.parse(message.createTime ?? "");
    begin(time);
    if (!divided && !own(message) && message.kind !== "MESSAGE_KIND_SYSTEM" && seqOf(message) > (newFrom ?? 0)) {
      divided = true;
      rows.push({ kind: "new", key: "new" });
    }
    if (message.kind === "MESSAGE_KIND_SYSTEM") rows.push({ kind: "system", key: message.id ?? "", message });
    else join(rows, { kind: "said", key: message.requestId || message.id || "", own: own(message), first: true, last: true, time, message });
  }
  for (const sending of talk.outbox) {
    begin(sending.time);
    join(rows, { kind: "said", key: sending.requestId, own: true, first: true, last: true, time: sending.time, sending });
  }
  return rows;
}

/** A chat says by its first message that it was opened. */
function shown(message: MessageJson): boolean {
  if (message.kind === "MESSAGE_KIND_SYSTEM") return message.system?.event !== "SYSTEM_EVENT_CHAT_OPENED";
  return message.kind === "MESSAGE_KIND_COMMENT";
}

function join(rows: Row[], row: Said): void {
  const before = rows.at(-1);
  if (before?.kind === "said" && together(before, row)) {
    before.last = false;
    row.first = false;
  }
  rows.push(row);
}

function together(one: Said, other: Said): boolean {
  const same = one.own ? other.own : !other.own && one.message?.author?.id === other.message?.author?.id;
  return same && other.time - one.time < TOGETHER;
}
