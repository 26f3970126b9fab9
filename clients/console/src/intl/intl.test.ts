import { expect, test } from "vitest";
import de from "./de.json";
import en from "./en.json";
import { languageFor } from "./intl.tsx";

const names = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)/gu)].map((match) => match[1] ?? ""))].filter((name) => !["Nobody", "None", "Niemand", "Noch", "Keine", "No", "Chats", "1", "Bisher", "To", "An", "is", "are", "schreibt", "schreiben"].includes(name)).sort();

test("every text is there in every language", () => {
  expect(Object.keys(de).sort()).toEqual(Object.keys(en).sort());
});

test("a translation has the placeholders of the original", () => {
  const german: Record<string, string> = de;
  for (const [id, text] of Object.entries(en)) expect([id, names(german[id] ?? "")]).toEqual([id, names(text)]);
});

test("no text shouts", () => {
  for (const text of [...Object.values(en), ...Object.values(de)]) expect(text).not.toContain("!");
});

test("the best language that is there is taken", () => {
  expect(languageFor(["de-AT"])).toBe("de");
  expect(languageFor(["fr", "de"])).toBe("de");
  expect(languageFor(["pt-BR"])).toBe("en");
});
