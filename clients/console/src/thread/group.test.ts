import { expect, test } from "vitest";
import { MessageKind } from "../api/contract.ts";
import { message, minutesAgo, partyOf, user } from "../fixture/make.ts";
import { toRows } from "./group.ts";

const mia = partyOf(user(1, "Mia Kern"));
const jonas = partyOf(user(2, "Jonas Albrecht"));
const kinds = (rows: ReturnType<typeof toRows>): string[] => rows.map((row) => row.kind);
const noon = new Date();
noon.setHours(12, 0, 0, 0);
const base = (Date.now() - noon.getTime()) / 60_000;

test("messages of one author within five minutes stand under one name", () => {
  const rows = toRows(
    [
      message({ seq: 1n, author: mia, createTime: minutesAgo(base + 20) }),
      message({ seq: 2n, author: mia, createTime: minutesAgo(base + 16) }),
      message({ seq: 3n, author: mia, createTime: minutesAgo(base + 10) }),
      message({ seq: 4n, author: jonas, createTime: minutesAgo(base + 9) }),
    ],
    undefined,
    "",
  );
  expect(rows.flatMap((row) => (row.kind === "message" ? [[row.first, row.last]] : []))).toEqual([
    [true, false],
    [false, true],
    [true, true],
    [true, true],
  ]);
});

test("a note never joins a message, nor a message a change", () => {
  const rows = toRows(
    [
      message({ seq: 1n, author: mia, createTime: minutesAgo(base + 3) }),
      message({ seq: 2n, author: mia, internal: true, createTime: minutesAgo(base + 2) }),
      message({ seq: 3n, author: mia, kind: MessageKind.CHANGE, createTime: minutesAgo(base + 1) }),
    ],
    undefined,
    "",
  );
  expect(rows.flatMap((row) => ("first" in row ? [row.first] : []))).toEqual([true, true, true]);
});

test("each day begins with a divider, and a group does not cross it", () => {
  const rows = toRows(
    [
      message({ seq: 1n, author: mia, createTime: minutesAgo(base + 24 * 60) }),
      message({ seq: 2n, author: mia, createTime: minutesAgo(base) }),
    ],
    undefined,
    "",
  );
  expect(kinds(rows)).toEqual(["day", "message", "day", "message"]);
});

test("one line stands where unread begins, not before own messages", () => {
  const thread = [
    message({ seq: 1n, author: jonas, createTime: minutesAgo(base + 9) }),
    message({ seq: 2n, author: mia, createTime: minutesAgo(base + 8) }),
    message({ seq: 3n, author: jonas, createTime: minutesAgo(base + 7) }),
    message({ seq: 4n, author: jonas, createTime: minutesAgo(base + 6) }),
  ];
  expect(kinds(toRows(thread, 1n, mia.id))).toEqual(["day", "message", "message", "new", "message", "message"]);
  expect(kinds(toRows(thread, 4n, mia.id))).not.toContain("new");
});

test("who never read a thread sees no line at its top", () => {
  expect(kinds(toRows([message({ seq: 1n, author: jonas })], 0n, mia.id))).not.toContain("new");
});
