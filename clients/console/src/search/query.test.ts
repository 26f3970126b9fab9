import { timestampDate } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { toRequest } from "./query.ts";

// Spec: C8

test.each([
  ["Europe/Stockholm", "2026-10-25", "2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z"],
  ["Europe/Kyiv", "2026-03-29", "2026-03-28T22:00:00.000Z", "2026-03-29T21:00:00.000Z"],
  ["America/New_York", "2026-11-01", "2026-11-01T04:00:00.000Z", "2026-11-02T05:00:00.000Z"],
])("a day in %s reaches from its first to its last moment, also when the clocks change", (zone, day, from, to) => {
  const request = toRequest({ query: "oak", from: day, to: day }, zone);
  expect(request.afterTime && timestampDate(request.afterTime).toISOString()).toBe(from);
  expect(request.beforeTime && timestampDate(request.beforeTime).toISOString()).toBe(to);
});

test("what is not said is not asked for, nor what is no day", () => {
  expect(toRequest({ query: "  oak  ", from: "soon" }, "UTC")).toMatchObject({ query: "oak", threadId: "", hasFiles: false, afterTime: undefined, beforeTime: undefined });
});
