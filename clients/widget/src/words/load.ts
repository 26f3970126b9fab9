import type { Words } from "./words.ts";

const en = () => import("./en.ts");

/** Every language, each loaded only where it is spoken. */
const all: Record<string, () => Promise<{ default: Words }>> = {
  de: () => import("./de.ts"),
  en,
  es: () => import("./es.ts"),
  it: () => import("./it.ts"),
  sv: () => import("./sv.ts"),
  uk: () => import("./uk.ts"),
  zh: () => import("./zh.ts"),
};

/** Loads the words of the first language of the visitor's that there is, else English. */
export async function loadWords(languages: readonly string[]): Promise<{ words: Words; language: string }> {
  const language = languages.map((tag) => tag.toLowerCase().split("-")[0] ?? "").find((tag) => all[tag]) ?? "en";
  const load = all[language] ?? en;
  return { words: (await load()).default, language };
}
