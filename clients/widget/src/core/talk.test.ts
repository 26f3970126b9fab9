import { describe, expect, test } from "vitest";
import type { MessageJson } from "../rpc/contract.ts";
import { Random, seeds } from "../testing/random.ts";
import { NOTHING, type Talk } from "./store.ts";
import * as talks from "./talk.ts";
import type { Sending } from "./vault.ts";

const chat = { id: "t", state: "CHAT_STATE_OPEN" as const };
const begun = talks.show(NOTHING, chat);
const start = Date.parse("2026-11-22T10:00:00Z");

function message(seq: number, more: Partial<MessageJson> = {}): MessageJson {
  return {
    id: `m${seq}`,
    threadId: "t",
    seq: String(seq),
    kind: "MESSAGE_KIND_COMMENT",
    author: { kind: "PARTY_KIND_USER", id: "u", name: "Lena" },
    body: `text ${seq}`,
    createTime: new Date(start + seq * 1000).toISOString(),
    ...more,
  };
}

const mine = (seq: number, requestId: string): MessageJson => message(seq, { author: { kind: "PARTY_KIND_VISITOR", id: "v" }, requestId });

function item(requestId: string): Sending {
  return { requestId, body: requestId, files: [], time: start, page: "", referrer: "", email: "" };
}

const shown = (talk: Talk): string[] => [...talk.messages.map(({ id }) => id ?? ""), ...talk.outbox.map(({ requestId }) => requestId)];

/** Each once, by seq, and the visitor's own in the order in which they were written. */
function requireOrder(talk: Talk): void {
  const seqs = talk.messages.map(talks.seqOf);
  expect(seqs).toEqual([...seqs].toSorted((a, b) => a - b));
  expect(new Set(shown(talk)).size).toBe(shown(talk).length);
  const written = [...talk.messages, ...talk.outbox].map(({ requestId }) => requestId).filter(Boolean);
  expect(written).toEqual([...written].toSorted((a, b) => Number(a) - Number(b)));
}

// Whatever comes twice, late, or by two ways at once: what is shown in the end is
// what the server has, each once and in its order, and nothing that has a place
// ever changes it.
test.each(seeds(150))("events, pages and answers in any mixture end as the server's log, seed %i", (seed) => {
  const random = new Random(seed);
  const log: MessageJson[] = []; // as it is now, by seq
  const changes: MessageJson[] = []; // in the order in which they happened
  const waiting: Sending[] = [];
  let talk = begun;
  let told = 0;
  let sent = 0;
  const commit = (one: MessageJson): void => {
    log.push(one);
    changes.push(one);
  };
  const steps: (() => void)[] = [
    () => commit(message(log.length + 1)),
    () => {
      const sending = item(String(++sent));
      waiting.push(sending);
      talk = talks.sending(talk, sending);
    },
    () => {
      const [next] = waiting;
      if (!next) return;
      // The answer may be lost: then the same request is sent again before another.
      const posted = log.find(({ requestId }) => requestId === next.requestId) ?? mine(log.length + 1, next.requestId);
      if (!log.includes(posted)) commit(posted);
      if (random.chance(60)) answer(posted);
    },
    () => {
      const at = random.below(log.length + 1);
      const old = log[at];
      if (!old || old.deleteTime) return;
      const editTime = new Date(start + 500_000 + changes.length * 1000).toISOString();
      const edited = random.chance(30) ? { ...old, body: "", deleteTime: editTime } : { ...old, body: `edited ${changes.length}`, editTime };
      log[at] = edited;
      changes.push(edited);
    },
    () => {
      const size = 1 + random.below(5);
      for (const change of changes.slice(told, told + size)) talk = talks.receive(talk, change);
      told = Math.min(changes.length, told + size);
    },
    () => (told = Math.max(0, told - random.below(6))), // the stream goes on from an old cursor
    () => {
      const size = 1 + random.below(8);
      talk = talks.page(talk, { messages: log.slice(-size), hasBefore: log.length > size, cursor: String(changes.length) }, false);
      told = changes.length;
    },
    () => {
      const first = talk.messages[0];
      if (!first || !talk.hasBefore) return;
      const end = talks.seqOf(first) - 1;
      const begin = Math.max(0, end - 4);
      talk = talks.page(talk, { messages: log.slice(begin, end), hasBefore: begin > 0 }, true);
    },
  ];
  function answer(posted: MessageJson): void {
    waiting.shift();
    talk = talks.dropped(talks.receive(talk, posted), posted.requestId ?? "");
  }
  for (let step = 0; step < 120; step++) {
    steps[random.below(steps.length)]?.();
    requireOrder(talk);
  }
  for (const change of changes.slice(told)) talk = talks.receive(talk, change);
  while (waiting[0] && log.some(({ requestId }) => requestId === waiting[0]?.requestId)) {
    answer(log.find(({ requestId }) => requestId === waiting[0]?.requestId) as MessageJson);
  }
  const first = talk.messages[0];
  const from = first ? talks.seqOf(first) - 1 : log.length;
  expect(talk.messages).toEqual(log.slice(from));
  expect(talk.outbox).toEqual(waiting);
  expect(from === 0 || talk.hasBefore).toBe(true);
});

test("what is being sent stays below everything and takes its place without moving", () => {
  let talk = talks.sending(talks.sending(talks.receive(begun, message(1)), item("a")), item("b"));
  talk = talks.receive(talk, message(2));
  expect(shown(talk)).toEqual(["m1", "m2", "a", "b"]);
  talk = talks.receive(talk, mine(3, "a"));
  expect(shown(talk)).toEqual(["m1", "m2", "m3", "b"]);
  talk = talks.receive(talk, mine(3, "a"));
  expect(shown(talk)).toEqual(["m1", "m2", "m3", "b"]);
});

test("a message that arrived already is not shown as being sent by a page that remembers it", () => {
  const talk = talks.sending(talks.receive(begun, mine(1, "a")), item("a"));
  expect(talk.outbox).toEqual([]);
});

test("an older version never replaces a newer one, whatever the precision of its time", () => {
  const edited = message(1, { body: "new", editTime: "2026-11-22T11:00:00.250Z" });
  const before = message(1, { body: "old", editTime: "2026-11-22T11:00:00Z" });
  const talk = talks.receive(talks.receive(begun, edited), before);
  expect(talk.messages[0]?.body).toBe("new");
});

test("the newest page after a long absence leaves no gap behind", () => {
  const old = talks.page(begun, { messages: [message(1), message(2)], cursor: "a" }, false);
  const talk = talks.page(old, { messages: [message(9), message(10)], hasBefore: true, cursor: "b" }, false);
  expect(shown(talk)).toEqual(["m9", "m10"]);
  expect(talk.hasBefore).toBe(true);
  const late = talks.page(talks.receive(talk, message(11)), { messages: [message(10)], hasBefore: true, cursor: "c" }, false);
  expect(shown(late)).toEqual(["m10", "m11"]);
});

test("messages of another chat are not taken", () => {
  expect(talks.receive(begun, message(1, { threadId: "other" }))).toBe(begun);
});

describe("read marks", () => {
  test("only grow, on both sides", () => {
    let talk = talks.page(begun, { messages: [message(1), message(2), message(3)] }, false);
    const by = (kind: "PARTY_KIND_USER" | "PARTY_KIND_VISITOR", seq: string) => ({ threadId: "t", party: { kind }, seq });
    talk = talks.marked(talks.marked(talk, by("PARTY_KIND_VISITOR", "2")), by("PARTY_KIND_VISITOR", "1"));
    talk = talks.marked(talks.marked(talk, by("PARTY_KIND_USER", "3")), by("PARTY_KIND_USER", "2"));
    expect(talk.readSeq).toBe(2);
    expect(talk.othersRead).toBe(3);
    expect(talks.unread(talk)).toBe(1);
  });

  test("what was deleted, what the visitor wrote and what the chat reports is not unread", () => {
    const lines = [message(1, { deleteTime: "2026-11-22T11:00:00Z" }), mine(2, "a"), message(3, { kind: "MESSAGE_KIND_SYSTEM" })];
    const talk = { ...talks.page(begun, { messages: lines }, false), readSeq: 0 };
    expect(talks.unread(talk)).toBe(0);
  });
});

describe("where the chat stands", () => {
  const system = (seq: number, event: "CHAT_CLOSED" | "CHAT_REOPENED" | "OPERATOR_JOINED" | "OPERATOR_LEFT"): MessageJson =>
    message(seq, { kind: "MESSAGE_KIND_SYSTEM", system: { event: `SYSTEM_EVENT_${event}`, party: { kind: "PARTY_KIND_USER", id: "u", name: "Lena" } } });

  test("follows the lines that report it", () => {
    let talk = talks.receive(begun, system(1, "OPERATOR_JOINED"));
    expect(talk.chat?.operator?.name).toBe("Lena");
    talk = talks.receive(talk, system(2, "OPERATOR_LEFT"));
    expect(talk.chat?.operator).toBeUndefined();
    talk = talks.receive(talk, system(3, "CHAT_CLOSED"));
    expect(talks.closed(talk)).toBe(true);
    talk = talks.receive(talk, system(4, "CHAT_REOPENED"));
    expect(talks.closed(talk)).toBe(false);
  });

  test("does not go back when an old line comes again", () => {
    let talk = talks.receive(talks.receive(begun, system(1, "CHAT_CLOSED")), system(2, "CHAT_REOPENED"));
    talk = talks.receive(talk, system(1, "CHAT_CLOSED"));
    expect(talks.closed(talk)).toBe(false);
    const known = talks.show(NOTHING, { ...chat, lastSeq: "2" });
    expect(talks.closed(talks.page(known, { messages: [system(1, "CHAT_CLOSED"), system(2, "CHAT_REOPENED")] }, false))).toBe(false);
  });
});

test("a message clears that its author types", () => {
  const typing = { ...begun, typing: { kind: "PARTY_KIND_USER" as const, id: "u", name: "Lena" } };
  expect(talks.receive(typing, message(1)).typing).toBeUndefined();
  expect(talks.receive(typing, mine(1, "a")).typing).toBeDefined();
});
