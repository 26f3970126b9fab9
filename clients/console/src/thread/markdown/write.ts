import { ADDRESS } from "./tree.ts";
import type { DocNode } from "./doc.ts";

/** What was written in an editor, to be sent. */
export interface Written {
  /** The text as Markdown. */
  markdown: string;
  /** The text as it stands, if nothing in it needs Markdown. */
  plain: string | undefined;
  /** Who is mentioned, by id. */
  mentions: Record<string, string>;
}

/** Writes an editor's document down. */
export function writeDoc(doc: DocNode): Written {
  const content = doc.content ?? [];
  const mentions: Record<string, string> = {};
  collect(content, mentions);
  return { markdown: blocks(content).trim(), plain: isPlain(content) ? plain(content) : undefined, mentions };
}

function collect(nodes: DocNode[], mentions: Record<string, string>): void {
  for (const node of nodes) {
    if (node.type === "mention") mentions[String(node.attrs?.["id"])] = String(node.attrs?.["label"]);
    if (node.content) collect(node.content, mentions);
  }
}

function isPlain(nodes: DocNode[]): boolean {
  return nodes.every((node) => {
    if (node.type === "paragraph") return isPlain(node.content ?? []);
    if (node.type !== "text" && node.type !== "mention" && node.type !== "hardBreak") return false;
    return (node.marks ?? []).every((mark) => mark.type === "link" && mark.attrs?.["href"] === node.text);
  });
}

function plain(paragraphs: DocNode[]): string {
  const line = (node: DocNode): string => (node.type === "hardBreak" ? "\n" : node.type === "mention" ? mention(node) : (node.text ?? ""));
  return paragraphs.map((one) => (one.content ?? []).map(line).join("")).join("\n").trim();
}

function mention(node: DocNode): string {
  return `@${String(node.attrs?.["label"])}`;
}

function blocks(nodes: DocNode[]): string {
  const written: string[] = [];
  nodes.forEach((node, index) => {
    const text = block(node);
    if (text === "" && node.type === "paragraph") return;
    // Two lists of one kind in a row would be read as one.
    const again = index > 0 && nodes[index - 1]?.type === node.type && (node.type === "bulletList" || node.type === "orderedList");
    written.push(again ? `\u200B\n\n${text}` : text);
  });
  return written.join("\n\n");
}

function block(node: DocNode): string {
  const content = node.content ?? [];
  switch (node.type) {
    case "blockquote":
      return blocks(content).split("\n").map((line) => (line === "" ? ">" : `> ${line}`)).join("\n");
    case "bulletList":
      return content.map((item) => listItem(item, "- ")).join("\n");
    case "orderedList": {
      const start = Number(node.attrs?.["start"] ?? 1);
      return content.map((item, index) => listItem(item, `${start + index}. `)).join("\n");
    }
    case "codeBlock":
      return fenced(content.map((one) => one.text ?? "").join(""));
    default:
      return guarded(inlines(content));
  }
}

function listItem(item: DocNode, mark: string): string {
  const [first = "", ...rest] = (item.content ?? []).map((child) => block(child));
  // Only a list that begins with 1 may follow a paragraph at once.
  const next = item.content?.[1];
  const apart = next?.type === "paragraph" || (next?.type === "orderedList" && next.attrs?.["start"] !== 1);
  const inner = [first, ...rest].join(apart ? "\n\n" : "\n");
  return mark + inner.split("\n").map((line, index) => (index === 0 || line === "" ? line : " ".repeat(mark.length) + line)).join("\n");
}

function fenced(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/gu) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

/** Escapes what would make something else of a line by its beginning. */
function guarded(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trimStart().replace(/^(?:[#>+=|:-])/u, "\\$&").replace(/^(\d{1,9})([.)])(?=\s|$)/u, "$1\\$2"))
    .join("\n");
}

const ORDER = ["link", "bold", "italic", "strike", "code"];
const DELIMITERS: Record<string, string> = { bold: "**", italic: "*", strike: "~~" };

/** Writes the pieces of a paragraph, the outermost mark first. */
function inlines(nodes: DocNode[], done: readonly string[] = []): string {
  let text = "";
  let at = 0;
  while (at < nodes.length) {
    const node = nodes[at];
    if (!node) break;
    const mark = ORDER.find((name) => !done.includes(name) && node.marks?.some((one) => one.type === name));
    if (!mark) {
      text += leaf(node);
      at++;
      continue;
    }
    const value = JSON.stringify(node.marks?.find((one) => one.type === mark)?.attrs?.["href"] ?? "");
    let end = at + 1;
    while (end < nodes.length && carries(nodes[end], mark, value)) end++;
    text += marked(mark, nodes.slice(at, end), done, letterAt(text, -1), letterAt(firstText(nodes[end]), 0));
    at = end;
  }
  return text;
}

function carries(node: DocNode | undefined, mark: string, value: string): boolean {
  return node?.marks?.some((one) => one.type === mark && JSON.stringify(one.attrs?.["href"] ?? "") === value) ?? false;
}

function marked(mark: string, nodes: DocNode[], done: readonly string[], before: boolean, after: boolean): string {
  if (mark === "code") return code(nodes.map((node) => node.text ?? "").join(""));
  const inner = inlines(nodes, [...done, mark]);
  if (mark === "link") return link(String(nodes[0]?.marks?.find((one) => one.type === "link")?.attrs?.["href"] ?? ""), inner, nodes);
  return delimited(inner, DELIMITERS[mark] ?? "", before, after);
}

/** Marks must touch what they mark, and a sign next to a letter outside cannot be marked. */
function delimited(inner: string, mark: string, before: boolean, after: boolean): string {
  const [, lead = "", middle = "", tail = ""] = /^(\s*)(.*?)(\s*)$/su.exec(inner) ?? [];
  let from = 0;
  let to = middle.length;
  if (before && lead === "") while (from < to && /[\p{P}\p{S}]/u.test(middle[from] ?? "")) from++;
  if (after && tail === "") while (to > from && /[\p{P}\p{S}]/u.test(middle[to - 1] ?? "")) to--;
  if (from === to) return inner;
  return `${lead}${middle.slice(0, from)}${mark}${middle.slice(from, to)}${mark}${middle.slice(to)}${tail}`;
}

function link(href: string, inner: string, nodes: DocNode[]): string {
  const text = nodes.map((node) => node.text ?? "").join("");
  if (text === href && new RegExp(`^${ADDRESS.source}$`, "u").test(href)) return href;
  if (/^[^\s<>]*$/u.test(href) && text === href) return `<${href}>`;
  return `[${inner}](${/[\s()<>\\]/u.test(href) ? `<${href.replace(/[<>\n]/gu, encodeURIComponent)}>` : href})`;
}

function code(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/gu) ?? []).map((run) => run.length));
  const tick = "`".repeat(longest + 1);
  const pad = /^`|`$|^ .* $/u.test(text) ? " " : "";
  return tick + pad + text + pad + tick;
}

function leaf(node: DocNode): string {
  if (node.type === "hardBreak") return "  \n";
  if (node.type === "mention") return escaped(mention(node));
  const text = node.text ?? "";
  let result = "";
  let from = 0;
  // Addresses stay as they are: they are read before anything in them is.
  for (const found of text.matchAll(new RegExp(ADDRESS.source, "gu"))) {
    result += escaped(text.slice(from, found.index)) + found[0];
    from = found.index + found[0].length;
  }
  return result + escaped(text.slice(from));
}

/** Escapes what Markdown would read as more than text. */
export function escaped(text: string): string {
  return text
    .replace(/[\\`*[\]~]/gu, "\\$&")
    .replace(/_/gu, (mark, at: number) => (isLetter(text[at - 1]) && isLetter(text[at + 1]) ? mark : `\\${mark}`))
    .replace(/<(?=[A-Za-z/!?])/gu, "\\<")
    .replace(/&(?=#?\w+;)/gu, "\\&");
}

function firstText(node: DocNode | undefined): string {
  return node?.type === "mention" ? "@" : (node?.text ?? "");
}

function letterAt(text: string, at: number): boolean {
  return isLetter(text.at(at));
}

function isLetter(char: string | undefined): boolean {
  return char !== undefined && /[\p{L}\p{N}]/u.test(char);
}
