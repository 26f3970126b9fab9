import { expect, test } from "vitest";
import { NOTHING, type Talk } from "../core/store.ts";
import type { MessageJson } from "../rpc/contract.ts";
import { rowsOf, type Row } from "./rows.ts";

const noon = new Date(2026, 10, 22, 12).getTime();
const lena = { kind: "PARTY_KIND_USER" as const, id: "u1", name: "Lena" };
const tom = { kind: "PARTY_KIND_USER" as const, id: "u2", name: "Tomás" };
const visitor = { kind: "PARTY_KIND_VISITOR" as const, id: "v" };

function talk(...lines: [number, Partial<MessageJson>][]): Talk {
  const messages = lines.map(([minutes, more], index): MessageJson => ({
    id: `m${index + 1}`,
    seq: String(index + 1),
    kind: "MESSAGE_KIND_COMMENT",
    createTime: new Date(noon + minutes * 60_000).toISOString(),
    ...more,
  }));
  return { ...NOTHING, messages };
}

function outline(rows: Row[]): string[] {
  return rows.map((row) => (row.kind === "said" ? `${row.key}${row.first ? " first" : ""}${row.last ? " last" : ""}` : row.kind));
}

test("what one person says within five minutes stands together", () => {
  const rows = rowsOf(talk([0, { author: lena }], [4, { author: lena }], [10, { author: lena }], [10, { author: tom }], [11, { author: visitor, requestId: "r" }]), undefined);
  expect(outline(rows)).toEqual(["day", "m1 first", "m2 last", "m3 first last", "m4 first last", "r first last"]);
});

test("a message keeps its key when it gets its place, so that it is not drawn anew", () => {
  const sending = { requestId: "r", body: "hi", files: [], time: noon, page: "", referrer: "", email: "" };
  const before = rowsOf({ ...NOTHING, outbox: [sending] }, undefined);
  const after = rowsOf(talk([0, { author: visitor, requestId: "r" }]), undefined);
  expect(outline(before)).toEqual(outline(after));
});

test("days are divided, and the first unread message of the other side", () => {
  const rows = rowsOf(talk([0, { author: lena }], [1_440, { author: visitor }], [1_441, { author: lena }], [1_442, { author: lena }]), 1);
  expect(outline(rows)).toEqual(["day", "m1 first last", "day", "m2 first last", "new", "m3 first", "m4 last"]);
});

test("that a chat was opened is not told, what else happened to it is", () => {
  const system = (event: "CHAT_OPENED" | "OPERATOR_JOINED"): Partial<MessageJson> => ({ kind: "MESSAGE_KIND_SYSTEM", system: { event: `SYSTEM_EVENT_${event}` } });
  expect(outline(rowsOf(talk([0, system("CHAT_OPENED")], [0, { author: visitor }], [1, system("OPERATOR_JOINED")]), undefined))).toEqual(["day", "m2 first last", "system"]);
});
