import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { DraftSchema, PartyKind, RecipientReason, RecipientSchema, TextFormat } from "../api/contract.ts";
import { isSendable, leftOpen, outgoing } from "./content.ts";
import type { Draft } from "./drafts.ts";
import { toggled } from "./use-recipients.ts";
import { merged } from "./use-server-drafts.ts";

const draft = (change: Partial<Draft>): Draft => ({ body: "", mentions: {}, ...change });

// Spec: C5
test("text without form goes as it was typed, text with form as Markdown", () => {
  expect(outgoing(draft({ body: "2 * 3\n\nend" }), true)).toMatchObject({ body: "2 * 3\n\nend", format: TextFormat.PLAIN });
  expect(outgoing(draft({ body: String.raw`2 \* 3` }), true)).toMatchObject({ body: "2 * 3", format: TextFormat.PLAIN });
  expect(outgoing(draft({ body: "**x**" }), true)).toMatchObject({ body: "**x**", format: TextFormat.MARKDOWN });
  expect(outgoing(draft({ body: "a\n\nb" }), true, "a\nb")).toMatchObject({ body: "a\nb", format: TextFormat.PLAIN });
});

test("a chat's text is never taken for Markdown", () => {
  expect(outgoing(draft({ body: "**x** # y" }), false)).toMatchObject({ body: "**x** # y", format: TextFormat.PLAIN });
});

// Spec: C4, C5a
test("who is mentioned, added and left out goes with the message", () => {
  const full = draft({ body: String.raw`@Ann\_B hi`, mentions: { a: "Ann_B", b: "Bo" }, added: { c: "Cy" }, except: ["d"], replyTo: { id: "m", name: "", excerpt: "" }, subject: " Hi " });
  expect(outgoing(full, true)).toMatchObject({ mentionIds: ["a"], recipientIds: ["c"], exceptIds: ["d"], replyToId: "m", subject: "Hi" });
});

// Spec: C6
test("a placeholder that nothing stands for blocks sending until it is filled in", () => {
  const open = draft({ body: "Order {{ record.due_date }}", subject: "For {{ record.number }}", unresolved: ["{{ record.due_date }}", "{{ record.number }}", "{{ record.gone }}"] });
  expect(leftOpen(open)).toEqual(["{{ record.due_date }}", "{{ record.number }}"]);
  expect(isSendable(open, 0)).toBe(false);
  expect(isSendable({ ...open, body: "Order", subject: "For 7" }, 0)).toBe(true);
  expect(isSendable(draft({ subject: "only a subject" }), 0)).toBe(false);
  expect(isSendable(draft({}), 1)).toBe(true);
});

// Spec: C5a
test("somebody is left out and put back; somebody added is taken off again", () => {
  const recipient = (excepted: boolean) => create(RecipientSchema, { party: { kind: PartyKind.CONTACT, id: "x", name: "X" }, reason: RecipientReason.FOLLOWER, excepted });
  expect(toggled({}, recipient(false))).toEqual({ added: {}, except: ["x"] });
  expect(toggled({ except: ["x", "y"] }, recipient(true))).toEqual({ added: {}, except: ["y"] });
  expect(toggled({ added: { x: "X" } }, recipient(false))).toEqual({ added: {}, except: [] });
});

// Spec: C6
test("what is typed here and not saved wins over another device; else the later one does", () => {
  const stored = create(DraftSchema, { revision: 7n, content: { body: "there", format: TextFormat.MARKDOWN, mentionIds: ["a"], replyToId: "m" } });
  const here = draft({ body: "here", mentions: { a: "Ann" }, revision: 5 });
  expect(merged({ ...here, unsaved: true }, stored)).toMatchObject({ body: "here" });
  expect(merged(here, stored)).toEqual({ body: "there", mentions: { a: "Ann" }, replyTo: { id: "m", name: "", excerpt: "" }, revision: 7 });
  expect(merged({ ...here, revision: 9 }, stored)).toMatchObject({ body: "here" });
});

test("a draft that was sent elsewhere goes, one that was never saved stays", () => {
  expect(merged(draft({ body: "sent elsewhere", revision: 5 }), undefined)).toEqual(draft({}));
  expect(merged(draft({ body: "begun offline" }), undefined)).toMatchObject({ body: "begun offline" });
});
