import { expect, test } from "vitest";
import { directionOf, firstDayOf, languageFor, localeFor } from "./locale.ts";
import { dayPattern, hasHalfDays, namesOf, timePattern } from "./patterns.ts";

test.each([
  [["de-AT"], "de"],
  [["fr", "de"], "de"],
  [["pt-BR"], "en"],
  [["zh"], "zh"],
  [["zh-CN"], "zh"],
  [["zh-Hans"], "zh"],
  [["zh-TW"], "zh"],
  [["SV-fi"], "sv"],
  [["constructor"], "en"],
])("of %j the language is %s", (wishes, language) => {
  expect(languageFor(wishes)).toBe(language);
});

test("a chosen language takes the region that the browser names for it", () => {
  expect(localeFor("en", ["sv-SE", "en-GB"])).toBe("en-GB");
  expect(localeFor("uk", ["sv-SE"])).toBe("uk");
  expect(localeFor("", ["it-CH", "en"])).toBe("it-CH");
});

test("a tag that is no locale is passed over", () => {
  expect(localeFor("", ["x_y", "de"])).toBe("de");
  expect(localeFor("%", [])).toBe("en");
});

test.each([["ar", "rtl"], ["he-IL", "rtl"], ["fa", "rtl"], ["ur-PK", "rtl"], ["az-Arab", "rtl"], ["az", "ltr"], ["sv", "ltr"], ["zh-Hans", "ltr"]])("%s runs %s", (locale, direction) => {
  expect(directionOf(locale)).toBe(direction);
});

test.each([["en-US", 0], ["en-GB", 1], ["sv", 1], ["uk", 1], ["ar-EG", 6], ["he", 0]])("in %s a week begins on day %i", (locale, day) => {
  expect(firstDayOf(locale)).toBe(day);
});

test.each([
  ["en-US", "MM/DD/YYYY hh:mm A"],
  ["en-GB", "DD/MM/YYYY HH:mm"],
  ["sv", "YYYY-MM-DD HH:mm"],
  ["uk", "DD.MM.YYYY HH:mm"],
  ["zh", "YYYY/MM/DD HH:mm"],
  ["ar-EG", "DD/MM/YYYY hh:mm A"],
  ["fa", "YYYY/MM/DD HH:mm"],
])("pickers in %s write %s", (locale, pattern) => {
  expect(`${dayPattern(locale)} ${timePattern(locale)}`).toBe(pattern);
  expect(hasHalfDays(locale)).toBe(pattern.endsWith("A"));
});

test("months and weekdays are named in the language, Sunday first", () => {
  expect(namesOf("uk").months[10]).toBe("листопад");
  expect(namesOf("sv").weekdays[0]).toBe("söndag");
  expect(namesOf("zh").monthsShort).toHaveLength(12);
});
