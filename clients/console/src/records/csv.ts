/** Characters that make a spreadsheet take a text for a formula. */
const FORMULA = /^[=+\-@\t\r]/u;
const NUMBER = /^-?\d+(\.\d+)?$/u;

/** A text as it may stand in a spreadsheet: what would be a formula is kept a text by an apostrophe. */
export function guarded(text: string): string {
  return FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
}

/** The text that was guarded. */
export function unguarded(text: string): string {
  return text.startsWith("'") && FORMULA.test(text.slice(1)) ? text.slice(1) : text;
}

/** One row of RFC 4180, with its line end. */
export function writeRow(cells: readonly string[]): string {
  return `${cells.map(writeCell).join(",")}\r\n`;
}

function writeCell(text: string): string {
  return /[",\r\n]|^\s|\s$/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The sign that parts the cells of a file: the one that its first row has most. */
export function delimiterOf(text: string): string {
  const first = /^(?:[^"\r\n]|"(?:[^"]|"")*")*/u.exec(text)?.[0].replace(/"(?:[^"]|"")*"/gu, "") ?? "";
  const count = (sign: string): number => first.split(sign).length;
  return [",", ";", "\t"].reduce((best, sign) => (count(sign) > count(best) ? sign : best));
}

/** The rows of a CSV file; rows without anything are left out. */
export function* readRows(text: string, delimiter = delimiterOf(text)): Generator<string[], void, undefined> {
  let row: string[] = [];
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  while (at < text.length) {
    const cell = text[at] === '"' ? quotedCell(text, at) : plainCell(text, at, delimiter);
    row.push(cell.text);
    at = cell.end;
    if (text[at] === delimiter) {
      at++;
      if (at < text.length) continue;
      row.push("");
    }
    if (text[at] === "\r") at++;
    if (text[at] === "\n") at++;
    if (row.some((one) => one !== "")) yield row;
    row = [];
  }
}

interface Cell {
  text: string;
  end: number;
}

function quotedCell(text: string, from: number): Cell {
  let at = from + 1;
  let content = "";
  for (;;) {
    const next = text.indexOf('"', at);
    if (next < 0) return { text: content + text.slice(at), end: text.length };
    content += text.slice(at, next);
    if (text[next + 1] !== '"') return { text: content, end: next + 1 };
    content += '"';
    at = next + 2;
  }
}

function plainCell(text: string, from: number, delimiter: string): Cell {
  let end = from;
  while (end < text.length && text[end] !== delimiter && text[end] !== "\n" && text[end] !== "\r") end++;
  return { text: text.slice(from, end), end };
}
