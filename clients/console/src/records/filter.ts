import { FieldType, type Field } from "../api/contract.ts";

/** How a rule compares. */
export type Operator =
  | "is" | "isNot" | "contains" | "notContains" | "startsWith" | "greater" | "less" | "atLeast" | "atMost"
  | "before" | "after" | "isMe" | "set" | "unset" | "yes" | "no";

/** One line of the builder. */
export interface Rule {
  field: string;
  operator: Operator;
  value: string;
}

/** Rules and groups of rules that hold all together, or one of which holds. */
export interface Group {
  join: "and" | "or";
  items: Item[];
}

export type Item = Rule | Group;

/** What the builder needs to know of a field. */
export type FilterField = Pick<Field, "name" | "label" | "type" | "targetType" | "options">;

export function isGroup(item: Item): item is Group {
  return "items" in item;
}

const TEXT: Operator[] = ["contains", "notContains", "startsWith", "is", "isNot", "set", "unset"];
const NUMBER: Operator[] = ["is", "isNot", "greater", "less", "atLeast", "atMost", "set", "unset"];
const TIME: Operator[] = ["before", "after", "set", "unset"];

/** The operators that make sense for a field. */
export function operatorsFor(field: Pick<Field, "type" | "targetType">): Operator[] {
  switch (field.type) {
    case FieldType.INTEGER:
    case FieldType.DECIMAL:
    case FieldType.MONEY:
      return NUMBER;
    case FieldType.BOOLEAN:
      return ["yes", "no"];
    case FieldType.DATE:
    case FieldType.DATETIME:
      return TIME;
    case FieldType.SELECTION:
      return ["is", "isNot", "set", "unset"];
    case FieldType.REFERENCE:
    case FieldType.REFERENCES:
      return field.targetType === "user" ? ["isMe", "is", "isNot", "set", "unset"] : ["is", "isNot", "set", "unset"];
    case FieldType.FILE:
      return ["set", "unset"];
    default:
      return TEXT;
  }
}

/** True if an operator compares with a value. */
export function takesValue(operator: Operator): boolean {
  return !["set", "unset", "isMe", "yes", "no"].includes(operator);
}

/** Text as a CEL literal. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029]/gu, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A group without what is unfinished, and without groups that are none. */
export function normalise(group: Group, fields: readonly FilterField[]): Group {
  const items = group.items.flatMap((item): Item[] => {
    if (!isGroup(item)) return normaliseRule(item, fields);
    const inner = normalise(item, fields);
    return inner.items.length > 1 ? [inner] : inner.items;
  });
  const [only] = items;
  if (items.length === 1 && only && isGroup(only)) return only;
  return { join: items.length > 1 ? group.join : "and", items };
}

function normaliseRule(rule: Rule, fields: readonly FilterField[]): Rule[] {
  const field = fields.find((one) => one.name === rule.field);
  if (!field || !operatorsFor(field).includes(rule.operator)) return [];
  const value = canonical(rule, field);
  return value === undefined ? [] : [{ ...rule, value }];
}

/** A rule's value as the condition holds it; undefined for one that says nothing yet. */
function canonical({ operator, value }: Rule, field: FilterField): string | undefined {
  if (!takesValue(operator)) return "";
  const text = value.trim();
  if (text === "") return undefined;
  if ([FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY].includes(field.type)) {
    const number = text.replace(",", ".");
    return /^-?\d+(\.\d+)?$/u.test(number) ? number : undefined;
  }
  if (field.type === FieldType.DATE || field.type === FieldType.DATETIME) return /^\d{4}-\d{2}-\d{2}$/u.test(text) ? text : undefined;
  // People do not think of upper and lower case.
  return operator === "contains" || operator === "notContains" || operator === "startsWith" ? lowerAscii(text) : text;
}

/** The CEL condition of a group; empty when it has no finished rule. */
export function toCel(group: Group, fields: readonly FilterField[]): string {
  return print(normalise(group, fields), fields);
}

function print(group: Group, fields: readonly FilterField[]): string {
  const parts = group.items.map((item) => (isGroup(item) ? `(${print(item, fields)})` : ruleToCel(item, fields)));
  return parts.join(group.join === "and" ? " && " : " || ");
}

/** The condition of one finished rule. */
export function ruleToCel(rule: Rule, fields: readonly FilterField[]): string {
  const field = fields.find((one) => one.name === rule.field);
  if (!field) return "true";
  const name = `record.${field.name}`;
  if (!takesValue(rule.operator)) return withoutValue(name, rule.operator, field);
  return withValue(name, rule, field);
}

const COMPARISONS: Partial<Record<Operator, string>> = { is: "==", isNot: "!=", greater: ">", less: "<", atLeast: ">=", atMost: "<=" };

function withValue(name: string, { operator, value }: Rule, field: FilterField): string {
  const sign = COMPARISONS[operator] ?? "==";
  switch (field.type) {
    case FieldType.INTEGER:
    case FieldType.DECIMAL:
    case FieldType.MONEY:
      return `${name} ${sign} ${value}`;
    case FieldType.DATE:
    case FieldType.DATETIME:
      return `${name} ${operator === "before" ? "<" : ">="} date(${quote(value)})`;
    case FieldType.REFERENCES:
      return operator === "isNot" ? `!(${quote(value)} in ${name})` : `${quote(value)} in ${name}`;
    default:
  }
  if (operator === "is" || operator === "isNot") return `${name} ${sign} ${quote(value)}`;
  const test = `${name}.lowerAscii().${operator === "startsWith" ? "startsWith" : "contains"}(${quote(value)})`;
  return operator === "notContains" ? `!${test}` : test;
}

function withoutValue(name: string, operator: Operator, field: FilterField): string {
  if (operator === "yes") return name;
  if (operator === "no") return `!${name}`;
  if (operator === "isMe") return field.type === FieldType.REFERENCES ? `user.id in ${name}` : `${name} == user.id`;
  if (field.type === FieldType.REFERENCES) return operator === "set" ? `size(${name}) > 0` : `size(${name}) == 0`;
  return operator === "set" ? `has(${name})` : `!has(${name})`;
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/gu, (letters) => letters.toLowerCase());
}

/** The condition for words typed into the search box. */
export function searchToCel(words: string): string {
  return words
    .split(/\s+/u)
    .filter((word) => word !== "")
    .map((word) => `record.title.lowerAscii().contains(${quote(lowerAscii(word))})`)
    .join(" && ");
}

/** Several conditions that must all hold. */
export function both(...conditions: string[]): string {
  const given = conditions.filter((condition) => condition.trim() !== "");
  return given.length > 1 ? given.map((condition) => `(${condition})`).join(" && ") : (given[0] ?? "");
}
