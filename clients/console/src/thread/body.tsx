import { Anchor } from "@mantine/core";
import { memo, type ReactNode } from "react";
import type { Party } from "../api/contract.ts";
import classes from "./thread.module.css";

const ADDRESS = /\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}]/gu;

/** The text of a message: addresses can be followed, mentions stand out. */
export const Body = memo(function Body({ text, mentions }: { text: string; mentions: Party[] }) {
  return <div className={classes.body} dir="auto">{links(text, mentions)}</div>;
});

function links(text: string, mentions: Party[]): ReactNode[] {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    parts.push(...names(text.slice(end, match.index), mentions, match.index));
    parts.push(
      <Anchor key={match.index} href={match[0]} target="_blank" rel="noopener noreferrer" inherit underline="always">
        {match[0]}
      </Anchor>,
    );
    end = match.index + match[0].length;
  }
  parts.push(...names(text.slice(end), mentions, text.length));
  return parts;
}

function names(text: string, mentions: Party[], key: number): ReactNode[] {
  if (mentions.length === 0) return [text];
  const longestFirst = mentions.map((party) => `@${party.name}`).sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`(${longestFirst.map((name) => escaped(name)).join("|")})`, "gu");
  const parts: ReactNode[] = [];
  let place = key;
  for (const part of text.split(pattern)) {
    place += part.length + 1;
    parts.push(longestFirst.includes(part) ? <span key={`@${place}`} className={classes.mention}>{part}</span> : part);
  }
  return parts;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&");
}
