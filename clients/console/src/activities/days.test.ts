import { expect, test } from "vitest";
import { addDays, addMonths, dayIn, daysBetween, grid, isDay, turn, weekStart, weekday } from "./days.ts";

// Spec: C9

/** Months in which clocks are put on or back in Stockholm, Kyiv or New York. */
const MONTHS = ["2026-03-15", "2026-10-15", "2026-11-15", "2027-03-15"];

test.each(MONTHS)("the month round %s has each of its days once, however the clocks change", (day) => {
  for (const first of [0, 1, 6]) {
    const rows = grid(day, "month", first);
    const days = rows.flat();
    expect(rows.every((row) => row.length === 7 && weekday(row[0] ?? "") === first)).toBe(true);
    expect(new Set(days).size).toBe(days.length);
    expect(days.every((one, at) => at === 0 || daysBetween(days[at - 1] ?? "", one) === 1)).toBe(true);
    const length = new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)), 0)).getUTCDate();
    expect(days.filter((one) => one.startsWith(day.slice(0, 7)))).toHaveLength(length);
  }
});

test("a week that holds a clock change has seven days", () => {
  expect(grid("2026-10-25", "week", 1)).toEqual([["2026-10-19", "2026-10-20", "2026-10-21", "2026-10-22", "2026-10-23", "2026-10-24", "2026-10-25"]]);
  expect(grid("2026-03-08", "week", 0)[0]).toContain("2026-03-14");
});

test("turning the pages of a year comes to every month once", () => {
  let day = "2026-01-31";
  const months = Array.from({ length: 12 }, () => (day = turn(day, "month", 1)).slice(0, 7));
  expect(months).toEqual(["02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"].map((month) => `2026-${month}`).concat("2027-01"));
  expect(turn("2026-10-22", "week", 1)).toBe("2026-10-29");
  expect(turn("2026-03-01", "month", -1)).toBe("2026-02-01");
});

test.each([
  ["Europe/Stockholm", "2026-10-24T21:59:00Z", "2026-10-24"],
  ["Europe/Stockholm", "2026-10-24T22:00:00Z", "2026-10-25"],
  ["Europe/Stockholm", "2026-10-25T22:59:00Z", "2026-10-25"],
  ["Europe/Stockholm", "2026-10-25T23:00:00Z", "2026-10-26"],
  ["Europe/Kyiv", "2026-03-28T22:00:00Z", "2026-03-29"],
  ["Europe/Kyiv", "2026-03-29T20:59:00Z", "2026-03-29"],
  ["Europe/Kyiv", "2026-03-29T21:00:00Z", "2026-03-30"],
  ["America/New_York", "2026-11-01T03:59:00Z", "2026-10-31"],
  ["America/New_York", "2026-11-02T04:59:00Z", "2026-11-01"],
])("in %s at %s it is %s", (zone, at, day) => {
  expect(dayIn(zone, Date.parse(at))).toBe(day);
});

test("a month later is the same day, or the last", () => {
  expect(addMonths("2026-01-31", 1)).toBe("2026-02-28");
  expect(addMonths("2027-12-31", 2)).toBe("2028-02-29");
  expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
});

test("weeks begin as the locale has it", () => {
  expect(weekStart("2026-11-22", 1)).toBe("2026-11-16");
  expect(weekStart("2026-11-22", 0)).toBe("2026-11-22");
});

test("only days that there are count as days", () => {
  expect(isDay("2026-02-28")).toBe(true);
  expect(isDay("2026-02-30")).toBe(false);
  expect(isDay("tomorrow")).toBe(false);
});
