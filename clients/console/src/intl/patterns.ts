/** The names of months and weekdays; a week begins with Sunday here. */
export interface DateNames {
  months: string[];
  monthsShort: string[];
  weekdays: string[];
  weekdaysShort: string[];
  weekdaysMin: string[];
}

const DAY_MS = 86_400_000;
const FIRST_SUNDAY = Date.UTC(2023, 0, 1);

/** The names of months and weekdays in a locale, from what the browser knows. */
export function namesOf(locale: string): DateNames {
  const names = (moments: number[], options: Intl.DateTimeFormatOptions): string[] => {
    const format = new Intl.DateTimeFormat(locale, { ...options, calendar: "gregory", timeZone: "UTC" });
    return moments.map((moment) => format.format(moment));
  };
  const months = Array.from({ length: 12 }, (_, month) => Date.UTC(2023, month, 15));
  const days = Array.from({ length: 7 }, (_, day) => FIRST_SUNDAY + day * DAY_MS);
  const short = names(days, { weekday: "short" });
  return {
    months: names(months, { month: "long" }),
    monthsShort: names(months, { month: "short" }),
    weekdays: names(days, { weekday: "long" }),
    weekdaysShort: short,
    weekdaysMin: short.every((name) => name.length <= 4) ? short : names(days, { weekday: "narrow" }),
  };
}

const PIECES: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {
  day: "DD",
  month: "MM",
  year: "YYYY",
};

/** How a locale writes a day in figures, such as "DD.MM.YYYY". */
export function dayPattern(locale: string): string {
  const format = new Intl.DateTimeFormat(locale, { day: "2-digit", month: "2-digit", year: "numeric", calendar: "gregory" });
  const parts = format.formatToParts(FIRST_SUNDAY).filter((part) => part.type !== "era");
  // Signs that only steer the direction would stop a typed date from being read.
  return parts.map((part) => PIECES[part.type] ?? part.value.replaceAll(/[\u200e\u200f]|\p{L}/gu, "")).join("").trim();
}

/** How a locale writes the time of day: "HH:mm" or "hh:mm A". */
export function timePattern(locale: string): string {
  return hasHalfDays(locale) ? "hh:mm A" : "HH:mm";
}

/** True where the hours of a day go from 1 to 12, twice. */
export function hasHalfDays(locale: string): boolean {
  return new Intl.DateTimeFormat(locale, { hour: "numeric" }).resolvedOptions().hour12 === true;
}
