import { ADDRESS, safeAddress, type Inline } from "./tree.ts";

/** A run of * _ or ~ that may begin or end an emphasis. */
interface Run {
  mark: string;
  count: number;
  opens: boolean;
  closes: boolean;
}

type Piece = Inline | { kind: "run"; run: Run } | { kind: "bracket"; picture: boolean; active: boolean };

const ADDRESS_HERE = new RegExp(ADDRESS.source, "uy");
const ENTITY = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|nbsp));/uy;
const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: "\u00A0" };
const PUNCTUATION = /[\p{P}\p{S}]/u;
const TARGET = /\(\s*(?:<([^<>\n]*)>|((?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.)*\))*))(?:\s+(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'))?\s*\)/uy;
const IN_ANGLES = /<(https?:\/\/[^\s<>]*|mailto:[^\s<>]*|[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+)>/uy;

/** Reads the text of a paragraph: CommonMark with strikethrough; HTML stays text, pictures become links. */
export function parseInline(source: string): Inline[] {
  return new InlineParser(source).parse();
}

class InlineParser {
  readonly #source: string;
  readonly #pieces: Piece[] = [];
  /** Lengths of backtick runs that nothing ends. */
  readonly #openTicks = new Set<number>();
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  parse(): Inline[] {
    while (this.#at < this.#source.length) this.#step();
    return joined(emphasised(this.#pieces));
  }

  #step(): void {
    const char = this.#source[this.#at] ?? "";
    if (char === "\\") return this.#escape();
    if (char === "`") return this.#code();
    if (char === "*" || char === "_" || char === "~") return this.#run(char);
    if (char === "\n") return this.#break();
    if (char === "[") return this.#bracket(false, 1);
    if (char === "!" && this.#source[this.#at + 1] === "[") return this.#bracket(true, 2);
    if (char === "]") return this.#close();
    if (char === "<" && this.#angles()) return undefined;
    if (char === "&" && this.#entity()) return undefined;
    if (char === "h" && this.#address()) return undefined;
    return this.#text(char, 1);
  }

  #text(text: string, length: number): void {
    this.#at += length;
    const last = this.#pieces.at(-1);
    if (last?.kind === "text") last.text += text;
    else this.#pieces.push({ kind: "text", text });
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#source);
  }

  #escape(): void {
    const next = this.#source[this.#at + 1] ?? "";
    if (next === "\n") this.#at++;
    else if (/[!-/:-@[-`{-~]/u.test(next)) this.#text(next, 2);
    else this.#text("\\", 1);
  }

  #code(): void {
    const length = /^`+/u.exec(this.#source.slice(this.#at, this.#at + 80))?.[0].length ?? 1;
    const end = this.#openTicks.has(length) ? -1 : endOfCode(this.#source, this.#at + length, length);
    if (end < 0) {
      this.#openTicks.add(length);
      return this.#text("`".repeat(length), length);
    }
    let text = this.#source.slice(this.#at + length, end).replaceAll("\n", " ");
    if (/^ .* $/u.test(text) && text.trim() !== "") text = text.slice(1, -1);
    this.#pieces.push({ kind: "code", text });
    this.#at = end + length;
  }

  #run(mark: string): void {
    let end = this.#at;
    while (this.#source[end] === mark) end++;
    const before = this.#source[this.#at - 1] ?? " ";
    const after = this.#source[end] ?? " ";
    const [spaceBefore, spaceAfter] = [/\s/u.test(before), /\s/u.test(after)];
    const [markBefore, markAfter] = [PUNCTUATION.test(before), PUNCTUATION.test(after)];
    const left = !spaceAfter && (!markAfter || spaceBefore || markBefore);
    const right = !spaceBefore && (!markBefore || spaceAfter || markAfter);
    const word = mark === "_";
    const count = end - this.#at;
    if (mark === "~" && count > 2) return this.#text(mark.repeat(count), count);
    const run = { mark, count, opens: left && (!word || !right || markBefore), closes: right && (!word || !left || markAfter) };
    this.#pieces.push({ kind: "run", run });
    this.#at = end;
    return undefined;
  }

  #break(): void {
    const last = this.#pieces.at(-1);
    if (last?.kind === "text") last.text = last.text.replace(/ +$/u, "");
    this.#pieces.push({ kind: "break" });
    this.#at++;
    while (this.#source[this.#at] === " ") this.#at++;
  }

  #bracket(picture: boolean, length: number): void {
    this.#pieces.push({ kind: "bracket", picture, active: true });
    this.#at += length;
  }

  /** A "]": what stands before it since the last "[" is a link if an address follows. */
  #close(): void {
    const from = this.#pieces.findLastIndex((piece) => piece.kind === "bracket");
    const open = this.#pieces[from];
    if (open?.kind !== "bracket") return this.#text("]", 1);
    this.#at++;
    const target = open.active ? this.#match(TARGET) : null;
    if (!target) {
      this.#pieces[from] = { kind: "text", text: open.picture ? "![" : "[" };
      return this.#text("]", 0);
    }
    this.#at += target[0].length;
    const children = joined(emphasised(this.#pieces.splice(from).slice(1)));
    const written = (target[1] ?? target[2] ?? "").replace(/\\([!-/:-@[-`{-~])/gu, "$1");
    const href = safeAddress(written);
    if (href) this.#pieces.push({ kind: "link", href, children: children.length > 0 ? children : [{ kind: "text", text: href }] });
    else this.#pieces.push(...children);
    // A link holds no other link.
    for (const piece of this.#pieces) if (piece.kind === "bracket" && !piece.picture && !open.picture) piece.active = false;
    return undefined;
  }

  #angles(): boolean {
    const found = this.#match(IN_ANGLES);
    const written = found?.[1];
    if (!found || written === undefined) return false;
    const href = written.includes(":") ? written : `mailto:${written}`;
    this.#pieces.push({ kind: "link", href, children: [{ kind: "text", text: written }] });
    this.#at += found[0].length;
    return true;
  }

  #entity(): boolean {
    const found = this.#match(ENTITY);
    if (!found) return false;
    const [whole, decimal, hex, name] = found;
    const code = decimal ? Number(decimal) : hex ? Number.parseInt(hex, 16) : undefined;
    if (code !== undefined && (code === 0 || code > 0x10ffff)) return false;
    this.#text(code === undefined ? (ENTITIES[name ?? ""] ?? whole) : String.fromCodePoint(code), whole.length);
    return true;
  }

  #address(): boolean {
    if (/[\p{L}\p{N}]/u.test(this.#source[this.#at - 1] ?? " ")) return false;
    const href = this.#match(ADDRESS_HERE)?.[0];
    const inLink = this.#pieces.some((piece) => piece.kind === "bracket" && !piece.picture && piece.active);
    if (!href || (inLink && this.#source[this.#at + href.length] === "]")) return false;
    this.#pieces.push({ kind: "link", href, children: [{ kind: "text", text: href }] });
    this.#at += href.length;
    return true;
  }
}

function endOfCode(source: string, from: number, length: number): number {
  for (let at = source.indexOf("`", from); at >= 0; at = source.indexOf("`", at)) {
    let end = at;
    while (source[end] === "`") end++;
    if (end - at === length) return at;
    at = end;
  }
  return -1;
}

const KINDS: Record<string, "strong" | "emphasis" | "strike"> = { "1": "emphasis", "2": "strong" };

/** Pairs the runs up, from the inside out; what finds no partner stays as it was written. */
function emphasised(pieces: Piece[]): Inline[] {
  const done: Piece[] = [];
  for (const piece of pieces) {
    if (piece.kind === "run" && piece.run.closes) closeRun(done, { ...piece.run });
    else done.push(piece);
  }
  return done.map(asText);
}

function closeRun(done: Piece[], run: Run): void {
  while (run.count > 0) {
    const at = done.findLastIndex((piece) => piece.kind === "run" && matches(piece.run, run));
    const open = done[at];
    if (open?.kind !== "run") break;
    const size = run.mark === "~" ? run.count : Math.min(2, run.count, open.run.count);
    const children = done.splice(at + 1).map(asText);
    open.run = { ...open.run, count: open.run.count - size };
    run.count -= size;
    if (open.run.count === 0) done.pop();
    done.push({ kind: run.mark === "~" ? "strike" : (KINDS[size] ?? "emphasis"), children: joined(children) });
  }
  if (run.count > 0) done.push({ kind: "run", run });
}

function matches(open: Run, close: Run): boolean {
  if (!open.opens || open.mark !== close.mark || open.count === 0) return false;
  if (open.mark === "~") return open.count === close.count;
  const both = open.closes || close.opens;
  return !(both && (open.count + close.count) % 3 === 0 && (open.count % 3 !== 0 || close.count % 3 !== 0));
}

function asText(piece: Piece): Inline {
  if (piece.kind === "run") return { kind: "text", text: piece.run.mark.repeat(piece.run.count) };
  if (piece.kind === "bracket") return { kind: "text", text: piece.picture ? "![" : "[" };
  return piece;
}

/** Neighbouring texts as one. */
function joined(pieces: Inline[]): Inline[] {
  const result: Inline[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (piece.kind === "text" && last?.kind === "text") result[result.length - 1] = { kind: "text", text: last.text + piece.text };
    else if (piece.kind !== "text" || piece.text !== "") result.push(piece);
  }
  return result;
}
