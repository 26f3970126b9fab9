import { expect, test } from "vitest";
import { parseAst } from "vite";

const sources = import.meta.glob<string>(["../**/*.tsx", "!../**/*.test.tsx", "!../fixture/**"], { query: "?raw", import: "default", eager: true });

/** Properties that people see or hear. */
const VISIBLE = new Set(["title", "label", "placeholder", "description", "error", "alt", "aria-label", "aria-description", "aria-roledescription", "nothingFoundMessage"]);

/** What is the same in every language. */
const ALLOWED = new Set(["Parley", "https://", " K", "SE", "orders", "parley"]);

/** An example of an address, or a placeholder: no words. */
const EXAMPLE = /^(?:\S*example\.com\S*|\{\{.*\}\})$/u;

interface Node {
  type: string;
  [key: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function childrenOf(node: Node): Node[] {
  return Object.values(node).flat().filter(isNode);
}

/** The texts that an expression can be, as far as they stand there. */
function literals(node: unknown): string[] {
  if (!isNode(node)) return [];
  switch (node.type) {
    case "Literal":
      return typeof node["value"] === "string" ? [node["value"]] : [];
    case "TemplateLiteral":
      return childrenOf(node).flatMap((part) => (part.type === "TemplateElement" && typeof part["value"] === "object" ? [String(Object(part["value"]).cooked)] : []));
    case "JSXExpressionContainer":
      return literals(node["expression"]);
    case "ConditionalExpression":
      return [...literals(node["consequent"]), ...literals(node["alternate"])];
    case "LogicalExpression":
      return [...literals(node["left"]), ...literals(node["right"])];
    default:
      return [];
  }
}

/** Texts in JSX that a person can read. */
function visible(node: Node): string[] {
  const below = childrenOf(node).flatMap(visible);
  if (node.type === "JSXText") return [String(node["value"]).trim()];
  if (node.type === "JSXAttribute" && isNode(node["name"]) && VISIBLE.has(String(node["name"]["name"]))) return [...literals(node["value"]), ...below];
  if (node.type === "JSXElement" || node.type === "JSXFragment") {
    const children = childrenOf({ type: "", children: node["children"] }).filter((child) => child.type === "JSXExpressionContainer");
    return [...children.flatMap(literals), ...below];
  }
  return below;
}

test("the scan sees what a person would", () => {
  const tree: unknown = parseAst('const a = <p title={b ? "One" : t("x")} id="no">Two {c && "Three"} {`Four ${d}`}</p>', { lang: "tsx" });
  expect(isNode(tree) && visible(tree).filter((text) => /\p{L}/u.test(text))).toEqual(["Three", "Four ", "One", "Two"]);
});

test("every visible text comes from the catalogue", () => {
  const found = Object.entries(sources).flatMap(([path, source]) => {
    const tree: unknown = parseAst(source, { lang: "tsx" });
    const texts = isNode(tree) ? visible(tree) : [];
    return texts.filter((text) => /\p{L}/u.test(text) && !ALLOWED.has(text) && !EXAMPLE.test(text)).map((text) => `${path}: ${text}`);
  });
  expect(Object.keys(sources).length).toBeGreaterThan(50);
  expect(found).toEqual([]);
});
