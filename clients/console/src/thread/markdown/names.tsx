import { Fragment, type ReactNode } from "react";
import type { Party } from "../../api/contract.ts";
import classes from "./view.module.css";

/** A text in which the names of those mentioned stand out. */
export function named(text: string, mentions: Party[], key: number): ReactNode {
  if (mentions.length === 0 || !text.includes("@")) return text;
  const names = mentions.map((party) => `@${party.name}`).sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`(${names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&")).join("|")})`, "gu");
  return (
    <Fragment key={key}>
      {text.split(pattern).map((part, index) => (names.includes(part) ? <span key={index} className={classes.mention}>{part}</span> : part))}
    </Fragment>
  );
}
