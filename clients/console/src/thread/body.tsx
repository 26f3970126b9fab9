import { Anchor } from "@mantine/core";
import { memo, type ReactNode } from "react";
import { TextFormat, type Party } from "../api/contract.ts";
import { parseMarkdown } from "./markdown/block.ts";
import { named } from "./markdown/names.tsx";
import { ADDRESS, type Block, type Inline } from "./markdown/tree.ts";
import { Markdown } from "./markdown/view.tsx";
import classes from "./thread.module.css";

/** The text of a message: addresses can be followed, mentions stand out. */
export const Body = memo(function Body({ text, mentions, format }: { text: string; mentions: Party[]; format?: TextFormat }) {
  if (format === TextFormat.MARKDOWN) return <Markdown text={text} mentions={mentions} />;
  return <div className={classes.body} dir="auto">{links(text, mentions)}</div>;
});

function links(text: string, mentions: Party[]): ReactNode[] {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const match of text.matchAll(new RegExp(`\\b${ADDRESS.source}`, "gu"))) {
    parts.push(named(text.slice(end, match.index), mentions, -match.index));
    parts.push(
      <Anchor key={match.index} href={match[0]} target="_blank" rel="noopener noreferrer nofollow" inherit underline="always">
        {match[0]}
      </Anchor>,
    );
    end = match.index + match[0].length;
  }
  parts.push(named(text.slice(end), mentions, text.length + 1));
  return parts;
}

/** A text on one line, without its form: for lists and quotes. */
export function plainText(text: string, format: TextFormat | undefined): string {
  const bare = format === TextFormat.MARKDOWN ? parseMarkdown(text).map(blockText).join(" ") : text;
  return bare.replace(/\s+/gu, " ").trim();
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "quote":
      return block.children.map(blockText).join(" ");
    case "list":
      return block.items.flat().map(blockText).join(" ");
    case "code":
      return block.text;
    case "rule":
      return "";
    default:
      return block.children.map(inlineText).join("");
  }
}

function inlineText(piece: Inline): string {
  if (piece.kind === "break") return " ";
  return "children" in piece ? piece.children.map(inlineText).join("") : piece.text;
}
