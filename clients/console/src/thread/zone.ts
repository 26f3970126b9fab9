/** A moment as a clock on the wall shows it. */
export interface WallTime {
  year: number;
  /** From 1. */
  month: number;
  day: number;
  hour: number;
  minute: number;
}

const MINUTE = 60_000;

/** What the clocks of a zone show at a moment; an unknown zone is the browser's own. */
export function wallTime(at: number, zone: string): WallTime & { weekday: number } {
  const parts = new Map(formatter(zone).formatToParts(at).map(({ type, value }) => [type, value]));
  const number = (name: Intl.DateTimeFormatPartTypes): number => Number(parts.get(name));
  const wall = { year: number("year"), month: number("month"), day: number("day"), hour: number("hour") % 24, minute: number("minute") };
  return { ...wall, weekday: new Date(Date.UTC(wall.year, wall.month - 1, wall.day)).getUTCDay() };
}

/**
 * The moment at which the clocks of a zone show a time. Of a time that comes twice
 * it is the first; one that is left out is as much later as the clocks were put on.
 */
export function momentOf(wall: WallTime, zone: string): number {
  const wish = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute);
  const offsets = [wish - 24 * 60 * MINUTE, wish + 24 * 60 * MINUTE].map((at) => offset(at, zone));
  const candidates = offsets.map((by) => wish - by).filter((at) => at + offset(at, zone) === wish);
  return candidates.length > 0 ? Math.min(...candidates) : wish - (offsets[0] ?? 0);
}

/** How far the clocks of a zone are ahead of UTC, in milliseconds. */
function offset(at: number, zone: string): number {
  const wall = wallTime(at, zone);
  return Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute) - Math.floor(at / MINUTE) * MINUTE;
}

function formatter(zone: string): Intl.DateTimeFormat {
  const options = { hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" } as const;
  try {
    return new Intl.DateTimeFormat("en-US", { ...options, timeZone: zone || undefined });
  } catch {
    return new Intl.DateTimeFormat("en-US", options);
  }
}

/** Eight in the morning, some days from now. */
export function morning(now: number, days: number, zone: string): number {
  const today = wallTime(now, zone);
  const day = new Date(Date.UTC(today.year, today.month - 1, today.day + days));
  return momentOf({ year: day.getUTCFullYear(), month: day.getUTCMonth() + 1, day: day.getUTCDate(), hour: 8, minute: 0 }, zone);
}

/** Eight in the morning of the next Monday, which is never today. */
export function mondayMorning(now: number, zone: string): number {
  const { weekday } = wallTime(now, zone);
  return morning(now, (8 - weekday) % 7 || 7, zone);
}

/** A moment as "2026-11-30 08:00:00" of a zone, as pickers write it. */
export function toPicker(at: number, zone: string): string {
  const { year, month, day, hour, minute } = wallTime(at, zone);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:00`;
}

/** The moment that a picker's text means in a zone; undefined if it is none. */
export function fromPicker(text: string | null, zone: string): number | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2})/u.exec(text ?? "");
  if (!match) return undefined;
  const [, year, month, day, hour, minute] = match.map(Number);
  return momentOf({ year: year ?? 0, month: month ?? 1, day: day ?? 1, hour: hour ?? 0, minute: minute ?? 0 }, zone);
}
