/** The languages that the console speaks, each under its own name. */
export const LANGUAGES = {
  de: "Deutsch",
  en: "English",
  it: "Italiano",
  sv: "Svenska",
  uk: "Українська",
  zh: "简体中文",
} as const;

/** A language that has a catalogue. */
export type Language = keyof typeof LANGUAGES;

/** Which way a script runs. */
export type Direction = "ltr" | "rtl";

/** A day of the week; 0 is Sunday. */
export type Weekday = 0 | 1 | 2 | 3 | 4 | 5 | 6;

interface WeekInfo {
  /** From 1, Monday, to 7, Sunday. */
  firstDay: number;
  weekend: number[];
}

const RTL_SCRIPTS = new Set(["Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Syrc", "Thaa"]);
const SUNDAY_FIRST = new Set(["BR", "CA", "CO", "HK", "ID", "IL", "IN", "JP", "KR", "MX", "PH", "PK", "SA", "TH", "TW", "US", "ZA"]);
const SATURDAY_FIRST = new Set(["AE", "AF", "DZ", "EG", "IQ", "IR", "JO", "KW", "LY", "OM", "QA", "SD", "SY"]);

function isLanguage(tag: string): tag is Language {
  return Object.hasOwn(LANGUAGES, tag);
}

/** The language of a locale, without script and region. */
function baseOf(locale: string): string {
  return locale.toLowerCase().split("-")[0] ?? "";
}

/** The language of the catalogues that fits a wish best. */
export function languageFor(wishes: readonly string[]): Language {
  return wishes.map(baseOf).find(isLanguage) ?? "en";
}

/**
 * The locale of a user: what they chose, with the region that their browser names for
 * that language, else the browser's first. Always one that numbers and dates can be written in.
 */
export function localeFor(chosen: string, browser: readonly string[]): string {
  const known = browser.filter(isKnown);
  if (chosen === "" || !isKnown(chosen)) return known[0] ?? "en";
  return known.find((tag) => baseOf(tag) === baseOf(chosen)) ?? chosen;
}

function isKnown(tag: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false;
  }
}

/** Which way the script of a locale runs. */
export function directionOf(locale: string): Direction {
  return RTL_SCRIPTS.has(new Intl.Locale(locale).maximize().script ?? "") ? "rtl" : "ltr";
}

/** The day that a week begins with. */
export function firstDayOf(locale: string): Weekday {
  const info = weekInfo(locale);
  if (info) return toWeekday(info.firstDay);
  const region = new Intl.Locale(locale).maximize().region ?? "";
  if (SATURDAY_FIRST.has(region)) return 6;
  return SUNDAY_FIRST.has(region) ? 0 : 1;
}

/** The days on which most people do not work. */
export function weekendOf(locale: string): Weekday[] {
  return weekInfo(locale)?.weekend.map(toWeekday) ?? [6, 0];
}

/** What the browser knows of weeks; some do not tell. */
function weekInfo(locale: string): WeekInfo | undefined {
  const found: Intl.Locale & { getWeekInfo?: () => WeekInfo; weekInfo?: WeekInfo } = new Intl.Locale(locale);
  return found.getWeekInfo?.() ?? found.weekInfo;
}

function toWeekday(day: number): Weekday {
  const days: Weekday[] = [0, 1, 2, 3, 4, 5, 6];
  return days[day % 7] ?? 1;
}
