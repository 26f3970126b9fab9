import { parseInline } from "./inline.ts";
import type { Block } from "./tree.ts";

/** Deeper than this nothing is nested: what is written further in is text. */
const DEPTH = 16;

const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]*)$/u;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/u;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/u;
const QUOTE = /^ {0,3}> ?/u;
const ITEM = /^( {0,3})([-*+]|(\d{1,9})[.)])(?:( {1,4})(?=\S)(.*)|[ \t]*(.*))$/u;
const UNDERLINE = /^ {0,3}(=+|-+)[ \t]*$/u;

/** Reads Markdown: CommonMark with strikethrough, without HTML. It never fails. */
export function parseMarkdown(source: string): Block[] {
  const lines = source.replace(/\r\n?/gu, "\n").replaceAll("\0", "\uFFFD").split("\n").map((line) => line.replaceAll("\t", "    "));
  return parseBlocks(lines, 0);
}

function parseBlocks(lines: string[], depth: number): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    if (line.trim() === "") {
      at++;
      continue;
    }
    const [block, next] = readBlock(lines, at, depth);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

type Read = [block: Block, next: number];

function readBlock(lines: string[], at: number, depth: number): Read {
  const line = lines[at] ?? "";
  const fence = FENCE.exec(line);
  if (fence) return readCode(lines, at, fence[1] ?? "```", line.length - line.trimStart().length);
  const heading = HEADING.exec(line);
  if (heading) return [{ kind: "heading", level: heading[1]?.length ?? 1, children: parseInline(heading[2] ?? "") }, at + 1];
  if (RULE.test(line)) return [{ kind: "rule" }, at + 1];
  if (depth < DEPTH && QUOTE.test(line)) return readQuote(lines, at, depth);
  const item = depth < DEPTH ? itemOf(line) : undefined;
  if (item) return readList(lines, at, item, depth);
  return readParagraph(lines, at);
}

function readCode(lines: string[], at: number, mark: string, indent: number): Read {
  const end = new RegExp(`^ {0,3}${mark[0] === "~" ? "~" : "`"}{${mark.length},}[ \t]*$`, "u");
  const text: string[] = [];
  let next = at + 1;
  while (next < lines.length && !end.test(lines[next] ?? "")) {
    text.push((lines[next] ?? "").replace(new RegExp(`^ {0,${indent}}`, "u"), ""));
    next++;
  }
  return [{ kind: "code", text: text.join("\n") }, next + 1];
}

function readQuote(lines: string[], at: number, depth: number): Read {
  const inner: string[] = [];
  let next = at;
  for (; next < lines.length; next++) {
    const line = lines[next] ?? "";
    if (QUOTE.test(line)) inner.push(line.replace(QUOTE, ""));
    else if (line.trim() === "" || (inner.at(-1) ?? "").trim() === "" || interrupts(line)) break;
    else inner.push(line);
  }
  return [{ kind: "quote", children: parseBlocks(inner, depth + 1) }, next];
}

interface Item {
  /** The kind of its mark: items of one list share it. */
  mark: string;
  start: number;
  /** How far what belongs to it stands in. */
  indent: number;
  text: string;
}

function itemOf(line: string): Item | undefined {
  if (RULE.test(line)) return undefined;
  const match = ITEM.exec(line);
  if (!match) return undefined;
  const [, before = "", mark = "-", number, gap, text, rest = ""] = match;
  if (gap === undefined && rest !== "" && !/^[ \t]/u.test(line.slice(before.length + mark.length))) return undefined;
  const indent = before.length + mark.length + (gap?.length ?? 1);
  return { mark: mark.at(-1) ?? "-", start: Number(number ?? 1), indent, text: text ?? rest };
}

function readList(lines: string[], at: number, first: Item, depth: number): Read {
  const items: Block[][] = [];
  let next = at;
  let item: Item | undefined = first;
  while (item && item.mark === first.mark) {
    const [inner, end] = readItem(lines, next, item);
    items.push(parseBlocks(inner, depth + 1));
    next = end;
    item = itemOf(lines[next] ?? "");
  }
  return [{ kind: "list", ordered: first.mark === "." || first.mark === ")", start: first.start, items }, next];
}

/** The lines of one item, and where the next block begins. */
function readItem(lines: string[], at: number, item: Item): [inner: string[], next: number] {
  const inner = [item.text];
  let next = at + 1;
  for (; next < lines.length; next++) {
    const line = lines[next] ?? "";
    const blank = line.trim() === "";
    const indented = line.length - line.trimStart().length >= item.indent;
    const lazy = !indented && (inner.at(-1) ?? "").trim() !== "" && !interrupts(line) && !itemOf(line);
    if (!blank && !indented && !lazy) break;
    inner.push(indented ? line.slice(item.indent) : line.trimStart());
  }
  // Blank lines at the end stand between this item and what follows.
  while (inner.length > 1 && (inner.at(-1) ?? "").trim() === "") inner.pop();
  return [inner, next];
}

function readParagraph(lines: string[], at: number): Read {
  const text = [(lines[at] ?? "").trimStart()];
  let next = at + 1;
  for (; next < lines.length; next++) {
    const line = lines[next] ?? "";
    const underline = UNDERLINE.exec(line);
    if (underline) {
      const level = underline[1]?.startsWith("=") ? 1 : 2;
      return [{ kind: "heading", level, children: parseInline(text.join("\n").trimEnd()) }, next + 1];
    }
    if (line.trim() === "" || interrupts(line)) break;
    text.push(line.trimStart());
  }
  return [{ kind: "paragraph", children: parseInline(text.join("\n").trimEnd()) }, next];
}

/** True for a line that ends a paragraph without a blank line before it. */
function interrupts(line: string): boolean {
  if (FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line)) return true;
  const item = itemOf(line);
  return item !== undefined && item.text.trim() !== "" && (item.start === 1 || !/\d/u.test(line.trimStart()[0] ?? ""));
}
