import type { Words } from "../words/words.ts";

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const DAY = 86_400_000;

export const clockTime = (time: number): string => clock.format(time);
export const exactTime = (time: number): string => exact.format(time);

/** The name of a day, as people say it. */
export function dayName(time: number, words: Words, now = Date.now()): string {
  const start = (at: number): number => new Date(at).setHours(0, 0, 0, 0);
  const days = Math.round((start(now) - start(time)) / DAY);
  if (days === 0) return words.today;
  if (days === 1) return words.yesterday;
  const year = days > 300 ? { year: "numeric" as const } : {};
  return new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", ...year }).format(time);
}

/** A number of bytes, as people read it. */
export function bytes(count: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const step = Math.min(3, Math.floor(Math.log2(Math.max(1, count)) / 10));
  return new Intl.NumberFormat(undefined, {
    style: "unit",
    unit: units[step] ?? "byte",
    unitDisplay: step === 0 ? "long" : "short",
    maximumFractionDigits: step > 1 ? 1 : 0,
  }).format(count / 1024 ** step);
}

/** The first letters of a name, for a picture of somebody without one. */
export function initials(name: string): string {
  const parts = name.trim().split(/\s+/u);
  return [parts[0], parts.length > 1 ? parts.at(-1) : ""].map((part) => [...(part ?? "")][0] ?? "").join("").toUpperCase();
}
