import { parseMarkdown } from "./block.ts";
import type { Block, Inline } from "./tree.ts";

/** A node of an editor's document, as ProseMirror writes it. */
export interface DocNode {
  type?: string;
  text?: string;
  attrs?: Record<string, unknown>;
  marks?: { type: string; attrs?: Record<string, unknown> }[];
  content?: DocNode[];
}

type Marks = NonNullable<DocNode["marks"]>;

/** Makes an editor's document of Markdown; "@Name" of those mentioned, by id, becomes a mention again. */
export function toDoc(source: string, mentions: Record<string, string>): DocNode {
  const names = longestFirst(mentions);
  const content = blocks(parseMarkdown(source), names);
  return { type: "doc", content: filled(content) };
}

/** The same for a text that somebody is still writing: what was typed last may be a space or a new line. */
export function toUnfinishedDoc(source: string, mentions: Record<string, string>): DocNode {
  const doc = toDoc(source, mentions);
  const last = doc.content?.at(-1);
  const [end = ""] = /[ \n]*$/u.exec(source) ?? [];
  if (last?.type === "paragraph" && end !== "") {
    last.content = [...(last.content ?? []), ...end.split("\n").flatMap((spaces, index): DocNode[] => [...(index > 0 ? [{ type: "hardBreak" }] : []), ...(spaces === "" ? [] : [{ type: "text", text: spaces }])])];
  }
  return doc;
}

type Names = [id: string, name: string][];

function longestFirst(mentions: Record<string, string>): Names {
  return Object.entries(mentions).filter(([, name]) => name !== "").sort(([, a], [, b]) => b.length - a.length);
}

function blocks(tree: Block[], names: Names): DocNode[] {
  return tree.flatMap((block): DocNode[] => {
    switch (block.kind) {
      case "quote":
        return [{ type: "blockquote", content: filled(blocks(block.children, names)) }];
      case "list":
        return [
          {
            type: block.ordered ? "orderedList" : "bulletList",
            ...(block.ordered && { attrs: { start: block.start } }),
            content: block.items.map((item) => ({ type: "listItem", content: begun(blocks(item, names)) })),
          },
        ];
      case "code":
        return [{ type: "codeBlock", ...(block.text !== "" && { content: [{ type: "text", text: block.text }] }) }];
      case "rule":
        return [paragraph([{ kind: "text", text: "---" }], names)];
      case "heading":
        return [paragraph([{ kind: "strong", children: block.children }], names)];
      default:
        return [paragraph(block.children, names)];
    }
  });
}

function filled(content: DocNode[]): DocNode[] {
  return content.length > 0 ? content : [{ type: "paragraph" }];
}

/** An item of a list begins with a paragraph. */
function begun(content: DocNode[]): DocNode[] {
  return content[0]?.type === "paragraph" ? content : [{ type: "paragraph" }, ...content];
}

function paragraph(children: Inline[], names: Names): DocNode {
  const content = inlines(children, [], names);
  return { type: "paragraph", ...(content.length > 0 && { content }) };
}

const MARKS = { strong: "bold", emphasis: "italic", strike: "strike" } as const;

function inlines(tree: Inline[], marks: Marks, names: Names): DocNode[] {
  return tree.flatMap((piece): DocNode[] => {
    switch (piece.kind) {
      case "break":
        return [{ type: "hardBreak" }];
      case "code":
        return piece.text === "" ? [] : [{ type: "text", text: piece.text, marks: [{ type: "code" }] }];
      case "link":
        return inlines(piece.children, [...marks, { type: "link", attrs: { href: piece.href } }], []);
      case "text":
        return words(piece.text, marks, names);
      default:
        return inlines(piece.children, [...marks, { type: MARKS[piece.kind] }], names);
    }
  });
}

function words(text: string, marks: Marks, names: Names): DocNode[] {
  const result: DocNode[] = [];
  let from = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const found = names.find(([, name]) => text.startsWith(name, at + 1));
    if (!found) continue;
    if (at > from) result.push(piece(text.slice(from, at), marks));
    result.push({ type: "mention", attrs: { id: found[0], label: found[1] } });
    from = at + 1 + found[1].length;
  }
  if (from < text.length) result.push(piece(text.slice(from), marks));
  return result;
}

function piece(text: string, marks: Marks): DocNode {
  return { type: "text", text, ...(marks.length > 0 && { marks }) };
}
