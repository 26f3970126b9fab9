import { parse, TYPE, type MessageFormatElement } from "@formatjs/icu-messageformat-parser";
import { describe, expect, test } from "vitest";
import de from "./de.json";
import en from "./en.json";
import it from "./it.json";
import sv from "./sv.json";
import uk from "./uk.json";
import zh from "./zh.json";
import { LANGUAGES } from "./locale.ts";
import { LATIN, SAME } from "./same.ts";

type Catalogue = Record<string, string>;

const ENGLISH: Catalogue = en;
const OTHERS: Record<string, Catalogue> = { de, it, sv, uk, zh };

/** A placeholder of a text, and what may stand for it. */
interface Gap {
  name: string;
  kind: TYPE;
  /** Of a plural or a select: its cases. */
  cases: string[];
}

/** Every placeholder of a text, those within the cases of others too. */
function gapsOf(elements: MessageFormatElement[]): Gap[] {
  return elements.flatMap((element): Gap[] => {
    switch (element.type) {
      case TYPE.literal:
      case TYPE.pound:
        return [];
      case TYPE.plural:
      case TYPE.select: {
        const inner = Object.values(element.options).flatMap((option) => gapsOf(option.value));
        return [{ name: element.value, kind: element.type, cases: Object.keys(element.options) }, ...inner];
      }
      case TYPE.tag:
        return [{ name: element.value, kind: element.type, cases: [] }, ...gapsOf(element.children)];
      default:
        return [{ name: element.value, kind: element.type, cases: [] }];
    }
  });
}

/** The words of a text, without its placeholders. */
function wordsOf(elements: MessageFormatElement[]): string {
  return elements
    .map((element) => {
      if (element.type === TYPE.literal) return element.value;
      if (element.type === TYPE.tag) return wordsOf(element.children);
      if (element.type !== TYPE.plural && element.type !== TYPE.select) return " ";
      return Object.values(element.options).map((option) => wordsOf(option.value)).join(" ");
    })
    .join("");
}

/** The forms that a language has for whole numbers, and the one for all else. */
function formsOf(language: string): string[] {
  const rules = new Intl.PluralRules(language);
  return [...new Set([...Array.from({ length: 200 }, (_, count) => rules.select(count)), "other"])].sort();
}

/** The plurals of a text with the forms that they have, without those for one number such as "=0". */
function pluralsOf(text: string): Gap[] {
  const plurals = gapsOf(parse(text)).filter((gap) => gap.kind === TYPE.plural);
  return plurals.map((gap) => ({ ...gap, cases: gap.cases.filter((one) => !one.startsWith("=")).sort() }));
}

/** What a text must have in common with its translations. */
function signature(text: string): string {
  const gaps = gapsOf(parse(text)).map(({ name, kind, cases }) => `${name} ${kind} ${kind === TYPE.select ? cases.sort().join() : ""}`);
  return [...new Set(gaps)].sort().join("; ");
}

test("every language that can be chosen has a catalogue", () => {
  expect(["en", ...Object.keys(OTHERS)].sort()).toEqual(Object.keys(LANGUAGES).sort());
});

describe.each(Object.entries({ en: ENGLISH, ...OTHERS }))("the catalogue of %s", (language, catalogue) => {
  test("has every text, and no other", () => {
    const missing = Object.keys(ENGLISH).filter((id) => !(id in catalogue));
    const unknown = Object.keys(catalogue).filter((id) => !(id in ENGLISH));
    expect({ missing, unknown }).toEqual({ missing: [], unknown: [] });
  });

  test("has the placeholders of the original in every text", () => {
    const wrong = Object.entries(catalogue).filter(([id, text]) => signature(text) !== signature(ENGLISH[id] ?? text));
    expect(wrong).toEqual([]);
  });

  test("has all plural forms of the language, and no other", () => {
    const forms = formsOf(language);
    const wrong = Object.entries(catalogue).filter(([id, text]) => {
      const bare = pluralsOf(ENGLISH[id] ?? "").filter(({ cases }) => cases.join() === "other");
      return pluralsOf(text).some(({ name, cases }) => cases.join() !== forms.join() && !bare.some((gap) => gap.name === name && cases.join() === "other"));
    });
    expect(wrong).toEqual([]);
  });

  test("does not shout, and leaves no stray space", () => {
    const wrong = Object.entries(catalogue).filter(([, text]) => /[!！]|^\s|\s$| {2}/u.test(text) || text === "");
    expect(wrong).toEqual([]);
  });
});

describe.each(Object.entries(OTHERS))("the catalogue of %s", (language, catalogue) => {
  test("leaves no text in English", () => {
    const same = new Set([...(SAME.all ?? []), ...(SAME[language] ?? [])]);
    const left = Object.entries(catalogue).filter(([id, text]) => text === ENGLISH[id] && /\p{L}/u.test(wordsOf(parse(text))) && !same.has(text));
    expect(left).toEqual([]);
  });
});

describe.each([["uk", uk], ["zh", zh]])("the catalogue of %s", (_, catalogue) => {
  test("has no Latin words but names", () => {
    const left = Object.entries<string>(catalogue).filter(([, text]) => {
      const words = wordsOf(parse(text)).match(/\p{Script=Latin}[\p{Script=Latin}\p{N}.-]*/gu) ?? [];
      return words.some((word) => !LATIN.has(word.replace(/[.-]+$/u, "")));
    });
    expect(left).toEqual([]);
  });
});
