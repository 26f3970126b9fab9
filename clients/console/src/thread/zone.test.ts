import { expect, test } from "vitest";
import { fromPicker, mondayMorning, momentOf, morning, toPicker } from "./zone.ts";

const at = (text: string): number => Date.parse(text);

// Spec: C6
test.each([
  ["Europe/Stockholm", "2026-03-28T12:00:00Z", "2026-03-29T06:00:00Z"],
  ["Europe/Stockholm", "2026-10-24T12:00:00Z", "2026-10-25T07:00:00Z"],
  ["Europe/Kyiv", "2026-03-28T12:00:00Z", "2026-03-29T05:00:00Z"],
  ["America/New_York", "2026-10-31T12:00:00Z", "2026-11-01T13:00:00Z"],
  ["Asia/Shanghai", "2026-06-30T20:00:00Z", "2026-07-02T00:00:00Z"],
])("tomorrow at eight is eight in %s, also when the clocks are changed", (zone, now, expected) => {
  expect(new Date(morning(at(now), 1, zone)).toISOString()).toBe(new Date(expected).toISOString());
});

test("the next Monday is never today", () => {
  expect(new Date(mondayMorning(at("2026-11-23T05:00:00Z"), "Europe/Stockholm")).toISOString()).toBe("2026-11-30T07:00:00.000Z");
  expect(new Date(mondayMorning(at("2026-11-22T22:30:00Z"), "Europe/Stockholm")).toISOString()).toBe("2026-11-23T07:00:00.000Z");
});

test("an hour that is left out is the one after, one that comes twice is the first", () => {
  const wall = { year: 2026, month: 3, day: 29, hour: 2, minute: 30 };
  expect(new Date(momentOf(wall, "Europe/Stockholm")).toISOString()).toBe("2026-03-29T01:30:00.000Z");
  expect(new Date(momentOf({ ...wall, month: 10, day: 25 }, "Europe/Stockholm")).toISOString()).toBe("2026-10-25T00:30:00.000Z");
});

test("a picked time is that of the user's zone", () => {
  const moment = at("2026-11-30T07:15:00Z");
  expect(toPicker(moment, "Europe/Stockholm")).toBe("2026-11-30 08:15:00");
  expect(fromPicker("2026-11-30 08:15:00", "Europe/Stockholm")).toBe(moment);
  expect(fromPicker(null, "Europe/Stockholm")).toBeUndefined();
});
