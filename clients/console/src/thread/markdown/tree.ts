/** A piece of a line. */
export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "strong" | "emphasis" | "strike"; children: Inline[] }
  | { kind: "link"; href: string; children: Inline[] }
  | { kind: "break" };

/** A piece of a text. */
export type Block =
  | { kind: "paragraph"; children: Inline[] }
  | { kind: "heading"; level: number; children: Inline[] }
  | { kind: "quote"; children: Block[] }
  | { kind: "list"; ordered: boolean; start: number; items: Block[][] }
  | { kind: "code"; text: string }
  | { kind: "rule" };

/** Web addresses as they stand in a text, without the marks that end a sentence. */
export const ADDRESS = /https?:\/\/[^\s<>"'`]*[^\s<>"'`.,;:!?*_~)\]}]/u;

/** An address that may be followed from a message; undefined for any that runs something. */
export function safeAddress(href: string): string | undefined {
  const trimmed = href.trim();
  return /^(?:https?:\/\/|mailto:|tel:)/iu.test(trimmed) ? trimmed : undefined;
}
