import { expect, test } from "vitest";
import de from "./de.json";
import en from "./en.json";
import { languageFor } from "./intl.tsx";

/** The names of a text's placeholders, without what stands within plurals. */
function names(text: string): string[] {
  const found = new Set<string>();
  let depth = 0;
  for (const [mark, name] of text.matchAll(/\{(\w*)|\}/gu)) {
    if (mark !== "}" && depth === 0 && name) found.add(name);
    depth += mark === "}" ? -1 : 1;
  }
  return [...found].sort();
}

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
