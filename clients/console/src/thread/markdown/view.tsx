import { Anchor } from "@mantine/core";
import { memo, useMemo, type ReactNode } from "react";
import type { Party } from "../../api/contract.ts";
import { parseMarkdown } from "./block.ts";
import { named } from "./names.tsx";
import type { Block, Inline } from "./tree.ts";
import classes from "./view.module.css";

/** Markdown as people read it. Nothing in it runs, and nothing is loaded. */
export const Markdown = memo(function Markdown({ text, mentions }: { text: string; mentions: Party[] }) {
  const tree = useMemo(() => parseMarkdown(text), [text]);
  return <div className={classes.markdown} dir="auto">{blocks(tree, mentions)}</div>;
});

// A piece of a text has no name of its own: its place is its key.
function blocks(tree: Block[], mentions: Party[]): ReactNode[] {
  return tree.map((block, index) => {
    switch (block.kind) {
      case "heading":
        return <p key={index} className={classes.heading} data-level={Math.min(block.level, 3)}>{inlines(block.children, mentions)}</p>;
      case "quote":
        return <blockquote key={index}>{blocks(block.children, mentions)}</blockquote>;
      case "code":
        return <pre key={index} dir="ltr"><code>{block.text}</code></pre>;
      case "rule":
        return <hr key={index} />;
      case "list":
        return list(block, mentions, index);
      default:
        return <p key={index}>{inlines(block.children, mentions)}</p>;
    }
  });
}

function list(block: Extract<Block, { kind: "list" }>, mentions: Party[], key: number): ReactNode {
  const items = block.items.map((item, index) => <li key={index}>{blocks(item, mentions)}</li>);
  return block.ordered ? <ol key={key} start={block.start}>{items}</ol> : <ul key={key}>{items}</ul>;
}

function inlines(tree: Inline[], mentions: Party[]): ReactNode[] {
  return tree.map((piece, index) => {
    switch (piece.kind) {
      case "text":
        return named(piece.text, mentions, index);
      case "code":
        return <code key={index} dir="ltr">{piece.text}</code>;
      case "break":
        return <br key={index} />;
      case "strong":
        return <strong key={index}>{inlines(piece.children, mentions)}</strong>;
      case "emphasis":
        return <em key={index}>{inlines(piece.children, mentions)}</em>;
      case "strike":
        return <s key={index}>{inlines(piece.children, mentions)}</s>;
      default:
        return (
          <Anchor key={index} href={piece.href} target="_blank" rel="noopener noreferrer nofollow" inherit underline="always">
            {inlines(piece.children, [])}
          </Anchor>
        );
    }
  });
}
