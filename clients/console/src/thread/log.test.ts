import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ListMessagesResponseSchema, type Message } from "../api/contract.ts";
import { message } from "../fixture/make.ts";
import { Journal } from "./journal.ts";
import { WINDOW, append, applyMessage, fromPage, lastSeq, prepend, type ThreadLog } from "./log.ts";

const at = (seq: number, rev = seq, body = `m${seq}`): Message => message({ id: `id-${seq}`, threadId: "t", seq: BigInt(seq), rev: BigInt(rev), body });
const range = (from: number, to: number): Message[] => Array.from({ length: to - from + 1 }, (_, index) => at(from + index));
const page = (messages: Message[], hasBefore = false, hasAfter = false) => create(ListMessagesResponseSchema, { messages, hasBefore, hasAfter });
const log = (from: number, to: number, hasBefore = false, hasAfter = false): ThreadLog => fromPage(page(range(from, to), hasBefore, hasAfter));
const seqs = ({ messages }: ThreadLog): number[] => messages.map(({ seq }) => Number(seq));

test("a message that is told twice is there once", () => {
  const once = applyMessage(log(1, 3), at(4)).log;
  expect(seqs(applyMessage(once, at(4)).log)).toEqual([1, 2, 3, 4]);
});

test("an edit replaces the message, and an older state never comes back", () => {
  const edited = applyMessage(log(1, 3), at(2, 9, "new text")).log;
  expect(edited.messages[1]?.body).toBe("new text");
  expect(applyMessage(edited, at(2, 2)).log.messages[1]?.body).toBe("new text");
});

test("a message that skips a place asks for reading the thread anew", () => {
  expect(applyMessage(log(1, 3), at(5))).toMatchObject({ gap: true });
  expect(applyMessage(log(1, 3), at(4))).toMatchObject({ gap: false });
});

test("a stretch in the middle takes no messages from the end", () => {
  expect(seqs(applyMessage(log(10, 20, true, true), at(90)).log)).toEqual(seqs(log(10, 20)));
});

test("history comes in front, each message once", () => {
  const whole = prepend(log(10, 12, true), page(range(7, 10)));
  expect(seqs(whole)).toEqual([7, 8, 9, 10, 11, 12]);
  expect(whole.hasBefore).toBe(false);
});

test("a long thread keeps a window, and knows that there is more on the other side", () => {
  const up = prepend(log(WINDOW, WINDOW * 2 - 1, true), page(range(WINDOW - 60, WINDOW - 1), true));
  expect(up.messages).toHaveLength(WINDOW);
  expect(up).toMatchObject({ hasBefore: true, hasAfter: true });
  const down = append(up, page(range(WINDOW * 2 - 60, WINDOW * 2 + 20), true, false));
  expect(down.messages).toHaveLength(WINDOW);
  expect(down).toMatchObject({ hasBefore: true, hasAfter: false });
  expect(lastSeq(down)).toBe(BigInt(WINDOW * 2 + 20));
});

test("what the stream told while a thread was being read is not lost", () => {
  const journal = new Journal();
  journal.add(at(4));
  journal.add(at(2, 8, "edited meanwhile"));
  const read = journal.replay("t", log(1, 3));
  expect(seqs(read)).toEqual([1, 2, 3, 4]);
  expect(read.messages[1]?.body).toBe("edited meanwhile");
});
