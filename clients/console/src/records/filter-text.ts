import { isGroup, normalise, operatorsFor, quote, ruleToCel, takesValue, type FilterField, type Group, type Item, type Rule } from "./filter.ts";

/** A word of a condition: texts by what they say, all else as written. */
interface Token {
  kind: "text" | "number" | "name" | "sign";
  value: string;
}

const WORD = /\s*(?:("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(&&|\|\||[=!<>]=|[<>!().,]))/uy;

function tokenize(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  const trimmed = text.trim();
  WORD.lastIndex = 0;
  while (WORD.lastIndex < trimmed.length) {
    const match = WORD.exec(trimmed);
    if (!match) return undefined;
    const [, literal, number, name, sign] = match;
    if (literal !== undefined) {
      const value = decode(literal);
      if (value === undefined) return undefined;
      tokens.push({ kind: "text", value });
    } else if (number !== undefined) tokens.push({ kind: "number", value: number });
    else if (name !== undefined) tokens.push({ kind: "name", value: name });
    else tokens.push({ kind: "sign", value: sign ?? "" });
  }
  return tokens;
}

function decode(literal: string): string | undefined {
  try {
    const value: unknown = JSON.parse(literal);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads a condition back into the builder: undefined if it says what the builder
 * cannot show. What it answers makes the same condition again.
 */
export function fromCel(text: string, fields: readonly FilterField[]): Group | undefined {
  const tokens = tokenize(text);
  if (!tokens) return undefined;
  if (tokens.length === 0) return { join: "and", items: [] };
  const item = parse(tokens, fields);
  if (!item) return undefined;
  return normalise(isGroup(item) ? item : { join: "and", items: [item] }, fields);
}

function parse(tokens: Token[], fields: readonly FilterField[]): Item | undefined {
  for (const [sign, join] of [["||", "or"], ["&&", "and"]] as const) {
    const parts = split(tokens, sign);
    if (parts.length === 1) continue;
    const items = parts.flatMap((part) => parse(part, fields) ?? []);
    return items.length === parts.length ? { join, items } : undefined;
  }
  const inner = unwrapped(tokens);
  return inner ? parse(inner, fields) : toRule(tokens, fields);
}

/** The parts between a sign that stands outside of all parentheses. */
function split(tokens: Token[], sign: string): Token[][] {
  const parts: Token[][] = [];
  let part: Token[] = [];
  let depth = 0;
  for (const token of tokens) {
    if (isSign(token, "(")) depth++;
    if (isSign(token, ")")) depth--;
    if (depth === 0 && isSign(token, sign)) {
      parts.push(part);
      part = [];
    } else part.push(token);
  }
  return [...parts, part];
}

function isSign(token: Token | undefined, value: string): boolean {
  return token?.kind === "sign" && token.value === value;
}

/** What parentheses hold that stand around everything. */
function unwrapped(tokens: Token[]): Token[] | undefined {
  if (!isSign(tokens[0], "(")) return undefined;
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (isSign(token, "(")) depth++;
    if (isSign(token, ")")) depth--;
    if (depth === 0) return index === tokens.length - 1 ? tokens.slice(1, -1) : undefined;
  }
  return undefined;
}

/** The rule that makes these very words. */
function toRule(tokens: Token[], fields: readonly FilterField[]): Rule | undefined {
  const at = tokens.findIndex((token, index) => token.kind === "name" && token.value === "record" && isSign(tokens[index + 1], "."));
  const field = fields.find((one) => one.name === tokens[at + 2]?.value);
  if (at < 0 || !field) return undefined;
  const value = tokens.find((token) => token.kind === "text" || token.kind === "number")?.value ?? "";
  const written = nameOf(tokens);
  for (const operator of operatorsFor(field)) {
    const rule: Rule = { field: field.name, operator, value: takesValue(operator) ? value : "" };
    const own = tokenize(ruleToCel(rule, fields));
    const kept = normalise({ join: "and", items: [rule] }, fields).items[0];
    if (own && nameOf(own) === written && kept && !isGroup(kept) && kept.value === rule.value) return rule;
  }
  return undefined;
}

function nameOf(tokens: Token[]): string {
  return tokens.map((token) => (token.kind === "text" ? quote(token.value) : token.value)).join(" ");
}

/** How many rules a group has in all. */
export function countRules(group: Group): number {
  return group.items.reduce((sum, item) => sum + (isGroup(item) ? countRules(item) : 1), 0);
}
