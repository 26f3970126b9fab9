import { ActionIcon, Text } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useIntl } from "react-intl";
import { useText } from "../intl/intl.tsx";
import type { RecordsSearch } from "../search.ts";
import classes from "./records.module.css";

/** How many rows a page has. */
export const PAGE = 50;

interface PagerProps {
  search: RecordsSearch;
  /** The token of the next page; empty for none. */
  next: string;
  /** Names the list: another filter or order makes another list. */
  listKey: string;
  count: number;
  onChange: (search: RecordsSearch) => void;
}

/** Goes from page to page; remembers in this tab which token led to which. */
export function Pager({ search, next, listKey, count, onChange }: PagerProps) {
  const t = useText();
  const intl = useIntl();
  const number = search.n ?? 1;
  const store = `parley.pages.${listKey}`;
  const trail = readTrail(store);
  if (number === 1 && next === "") return null;
  function turn(to: number, page: string | undefined): void {
    sessionStorage.setItem(store, JSON.stringify({ ...trail, [String(number)]: search.page ?? "" }));
    onChange({ n: to > 1 ? to : undefined, page: to > 1 ? page : undefined });
  }
  const first = (number - 1) * PAGE + 1;
  const before = trail[String(number - 1)];
  return (
    <div className={classes.pager}>
      <Text size="xs" c="dimmed" className="numeric">{t("records.range", { first: intl.formatNumber(first), last: intl.formatNumber(first + Math.max(0, count - 1)) })}</Text>
      <ActionIcon variant="default" aria-label={t("records.previous")} disabled={number === 1} onClick={() => turn(before === undefined ? 1 : number - 1, before)}>
        <IconChevronLeft size={16} className="flip" />
      </ActionIcon>
      <ActionIcon variant="default" aria-label={t("records.next")} disabled={next === ""} onClick={() => turn(number + 1, next)}>
        <IconChevronRight size={16} className="flip" />
      </ActionIcon>
    </div>
  );
}

function readTrail(store: string): Record<string, string> {
  const value: unknown = JSON.parse(sessionStorage.getItem(store) ?? "{}");
  const trail: Record<string, string> = {};
  if (typeof value === "object" && value !== null) {
    for (const [number, token] of Object.entries(value)) if (typeof token === "string") trail[number] = token;
  }
  return trail;
}
