import type { Words } from "./words.ts";

/** Loads the words of the first language of the visitor's that there is, else English. */
export async function loadWords(languages: readonly string[]): Promise<{ words: Words; language: string }> {
  const language = languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => ["en", "de", "es"].includes(tag));
  switch (language) {
    case "de":
      return { words: (await import("./de.ts")).default, language };
    case "es":
      return { words: (await import("./es.ts")).default, language };
    default:
      return { words: (await import("./en.ts")).default, language: "en" };
  }
}
