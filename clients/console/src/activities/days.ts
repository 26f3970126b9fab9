import { wallTime } from "../thread/zone.ts";

/** A day of the calendar as "2026-11-30": no moment, so no clock change ever moves it. */
export type Day = string;

const DAY_MS = 86_400_000;

/** How far a calendar reaches: seven days, or the weeks that a month touches. */
export type Span = "week" | "month";

function toUtc(day: Day): number {
  return Date.parse(`${day}T00:00:00Z`);
}

function fromUtc(at: number): Day {
  return new Date(at).toISOString().slice(0, 10);
}

/** True for a day that there is. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/u.test(text) && !Number.isNaN(toUtc(text)) && fromUtc(toUtc(text)) === text;
}

/** The day so many days later, or earlier if negative. */
export function addDays(day: Day, count: number): Day {
  return fromUtc(toUtc(day) + count * DAY_MS);
}

/** The same day of a month so many later; its last day where it has none. */
export function addMonths(day: Day, count: number): Day {
  const date = new Date(toUtc(day));
  const first = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + count, 1);
  const begin = new Date(first);
  const length = new Date(Date.UTC(begin.getUTCFullYear(), begin.getUTCMonth() + 1, 0)).getUTCDate();
  return fromUtc(first + (Math.min(date.getUTCDate(), length) - 1) * DAY_MS);
}

/** How many days lie between two; negative if the second is earlier. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((toUtc(to) - toUtc(from)) / DAY_MS);
}

/** The day of the week, 0 for Sunday. */
export function weekday(day: Day): number {
  return new Date(toUtc(day)).getUTCDay();
}

/** The day that it is in a zone; an unknown zone is the browser's own. */
export function dayIn(zone: string, now: number): Day {
  const { year, month, day } = wallTime(now, zone);
  return fromUtc(Date.UTC(year, month - 1, day));
}

/** The day as a moment that formatters in UTC show as this day. */
export function dayDate(day: Day): Date {
  return new Date(toUtc(day));
}

/** The first day of the week that a day is in; weeks begin with `first`, 0 for Sunday. */
export function weekStart(day: Day, first: number): Day {
  return addDays(day, -((weekday(day) - first + 7) % 7));
}

/** The days that a calendar shows round a day, week by week. */
export function grid(day: Day, span: Span, first: number): Day[][] {
  if (span === "week") return [week(weekStart(day, first))];
  const begin = `${day.slice(0, 7)}-01`;
  const next = addMonths(begin, 1);
  const rows: Day[][] = [];
  for (let start = weekStart(begin, first); start < next; start = addDays(start, 7)) rows.push(week(start));
  return rows;
}

function week(start: Day): Day[] {
  return Array.from({ length: 7 }, (_, at) => addDays(start, at));
}

/** The day to show after turning the page forward, or back. */
export function turn(day: Day, span: Span, by: 1 | -1): Day {
  return span === "week" ? addDays(day, 7 * by) : addMonths(`${day.slice(0, 7)}-01`, by);
}
