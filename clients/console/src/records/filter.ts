import { FieldType, type Field } from "../api/contract.ts";

/** How a rule compares. */
export type Operator =
  | "is" | "isNot" | "contains" | "startsWith" | "greater" | "less" | "atLeast" | "atMost"
  | "before" | "after" | "isMe" | "set" | "unset" | "yes" | "no";

/** One line of the builder. */
export interface Rule {
  field: string;
  operator: Operator;
  value: string;
}

/** What the builder makes: rules that hold all together or one of which holds. */
export interface Filter {
  join: "and" | "or";
  rules: Rule[];
}

export const NO_FILTER: Filter = { join: "and", rules: [] };

const TEXT: Operator[] = ["contains", "startsWith", "is", "isNot", "set", "unset"];
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

/** The CEL condition of a filter; empty when it has no finished rule. */
export function toCel(filter: Filter, fields: readonly Field[]): string {
  const conditions = filter.rules.flatMap((rule) => {
    const field = fields.find((one) => one.name === rule.field);
    const condition = field && ruleToCel(rule, field);
    return condition ? [condition] : [];
  });
  return conditions.join(filter.join === "and" ? " && " : " || ");
}

function ruleToCel({ operator, value }: Rule, field: Field): string | undefined {
  const name = `record.${field.name}`;
  if (!takesValue(operator)) return withoutValue(name, operator, field);
  const text = value.trim();
  if (text === "") return undefined;
  switch (field.type) {
    case FieldType.INTEGER:
    case FieldType.DECIMAL:
    case FieldType.MONEY:
      return compareNumber(name, operator, text);
    case FieldType.DATE:
    case FieldType.DATETIME:
      return `${name} ${operator === "before" ? "<" : ">="} date(${quote(text)})`;
    case FieldType.REFERENCES:
      return operator === "isNot" ? `!(${quote(text)} in ${name})` : `${quote(text)} in ${name}`;
    case FieldType.SELECTION:
    case FieldType.REFERENCE:
      return `${name} ${operator === "isNot" ? "!=" : "=="} ${quote(text)}`;
    default:
      return compareText(name, operator, text);
  }
}

function withoutValue(name: string, operator: Operator, field: Field): string {
  if (operator === "yes") return name;
  if (operator === "no") return `!${name}`;
  if (operator === "isMe") return field.type === FieldType.REFERENCES ? `user.id in ${name}` : `${name} == user.id`;
  if (field.type === FieldType.REFERENCES) return operator === "set" ? `size(${name}) > 0` : `size(${name}) == 0`;
  return operator === "set" ? `has(${name})` : `!has(${name})`;
}

const COMPARISONS: Partial<Record<Operator, string>> = { is: "==", isNot: "!=", greater: ">", less: "<", atLeast: ">=", atMost: "<=" };

function compareNumber(name: string, operator: Operator, text: string): string | undefined {
  const number = text.replace(",", ".");
  const sign = COMPARISONS[operator];
  return sign && /^-?\d+(\.\d+)?$/u.test(number) ? `${name} ${sign} ${number}` : undefined;
}

function compareText(name: string, operator: Operator, text: string): string {
  if (operator === "is") return `${name} == ${quote(text)}`;
  if (operator === "isNot") return `${name} != ${quote(text)}`;
  // People do not think of upper and lower case.
  return `${name}.lowerAscii().${operator === "startsWith" ? "startsWith" : "contains"}(${quote(lowerAscii(text))})`;
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

/** A filter as it stands in an address. */
export function encodeFilter(filter: Filter): string | undefined {
  if (filter.rules.length === 0) return undefined;
  return JSON.stringify([filter.join, ...filter.rules.map((rule) => [rule.field, rule.operator, rule.value])]);
}

/** Reads a filter from an address; what makes no sense is left out. */
export function decodeFilter(text: string | undefined): Filter {
  if (!text) return NO_FILTER;
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return NO_FILTER;
    const [join, ...rules]: unknown[] = value;
    return { join: join === "or" ? "or" : "and", rules: rules.flatMap(decodeRule) };
  } catch {
    return NO_FILTER;
  }
}

const OPERATORS: ReadonlySet<string> = new Set<Operator>([...TEXT, ...NUMBER, ...TIME, "isMe", "yes", "no"]);

function isOperator(value: unknown): value is Operator {
  return typeof value === "string" && OPERATORS.has(value);
}

function decodeRule(rule: unknown): Rule[] {
  if (!Array.isArray(rule)) return [];
  const [field, operator, value]: unknown[] = rule;
  if (typeof field !== "string" || !isOperator(operator) || typeof value !== "string") return [];
  return [{ field, operator, value }];
}
