import type { Fault } from "../api/fault.ts";

/** A text with something put where the caret is, or in place of what is chosen. */
export function insertAt(text: string, from: number, to: number, piece: string): { text: string; caret: number } {
  return { text: text.slice(0, from) + piece + text.slice(to), caret: from + piece.length };
}

/** What is wrong with a placeholder, and where it stands. */
export interface PlaceholderFault {
  where: "subject" | "body" | "elsewhere";
  /** The server's sentence, which names the placeholder, its line and its character. */
  message: string;
}

/** Reads it from what the server answered. */
export function placeOfFault(fault: Fault): PlaceholderFault {
  const field = fault.field.split(".").at(-1) ?? "";
  return {
    where: field === "subject" ? "subject" : field === "body" ? "body" : "elsewhere",
    message: fault.message.charAt(0).toLocaleUpperCase() + fault.message.slice(1),
  };
}
