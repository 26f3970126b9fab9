import { Button, Select, Switch, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { DayInput } from "../activities/day-input.tsx";
import { useZone } from "../activities/query.ts";
import { useText } from "../intl/intl.tsx";
import { useKeys } from "../keys/keys.tsx";
import { useRecordTypes } from "../records/query.ts";
import type { MessagesSearch } from "../search.ts";
import { Header } from "../ui/header.tsx";
import { Empty, Failure, RowSkeletons } from "../ui/states.tsx";
import { VirtualList } from "../ui/virtual-list.tsx";
import { AuthorSelect } from "./author-select.tsx";
import { HitCount } from "./count.tsx";
import { Hit, HIT_HEIGHT } from "./hit.tsx";
import { placeOf } from "./place.ts";
import { useMessageSearch } from "./query.ts";
import classes from "./search.module.css";

const route = getRouteApi("/app/search");

/** How long after the last key the words count. */
const SETTLE_MS = 200;

/** Finds messages in every thread that one may see. */
export function SearchPage() {
  const t = useText();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (next: Partial<MessagesSearch>): void => void navigate({ search: (now) => ({ ...now, ...next }), replace: true });
  return (
    <div className={classes.page}>
      <Header title={t("search.title")} />
      <div className={classes.bar}>
        <Words value={search.q ?? ""} onChange={(q) => change({ q: q || undefined })} />
        <Filters search={search} onChange={change} />
      </div>
      <Results search={search} onClear={() => change({ type: undefined, author: undefined, from: undefined, to: undefined, files: undefined })} />
    </div>
  );
}

function Words({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const t = useText();
  const [typed, setTyped] = useState({ text: value, from: value });
  const input = useRef<HTMLInputElement>(null);
  const settle = useDebouncedCallback(onChange, SETTLE_MS);
  if (typed.from !== value && typed.text.trim() !== value) setTyped({ text: value, from: value });
  useKeys({ "/": () => input.current?.focus() });
  useEffect(() => input.current?.focus(), []);
  return (
    <TextInput
      ref={input}
      type="search"
      size="sm"
      className={classes.words}
      leftSection={<IconSearch size={16} />}
      placeholder={t("search.placeholder")}
      aria-label={t("search.title")}
      maxLength={200}
      value={typed.text}
      onChange={(event) => {
        setTyped({ text: event.currentTarget.value, from: value });
        settle(event.currentTarget.value.trim());
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") event.currentTarget.blur();
      }}
    />
  );
}

function Filters({ search, onChange }: { search: MessagesSearch; onChange: (change: Partial<MessagesSearch>) => void }) {
  const t = useText();
  const types = useRecordTypes().data?.recordTypes ?? [];
  return (
    <div className={classes.filters}>
      <Select
        size="xs"
        w={140}
        aria-label={t("activity.recordType")}
        allowDeselect={false}
        data={[{ value: "", label: t("search.everywhere") }, ...types.map((type) => ({ value: type.name, label: type.pluralLabel || type.label }))]}
        value={search.type ?? ""}
        onChange={(type) => onChange({ type: type || undefined })}
      />
      <AuthorSelect value={search.author ?? ""} onChange={(author) => onChange({ author: author || undefined })} />
      <DayInput size="xs" w={130} clearable aria-label={t("search.from")} placeholder={t("search.from")} value={search.from ?? ""} onChange={(from) => onChange({ from: from || undefined })} />
      <DayInput size="xs" w={130} clearable aria-label={t("search.to")} placeholder={t("search.to")} value={search.to ?? ""} onChange={(to) => onChange({ to: to || undefined })} />
      <Switch size="xs" label={t("search.files")} checked={search.files === true} onChange={(event) => onChange({ files: event.currentTarget.checked ? true : undefined })} />
    </div>
  );
}

function Results({ search, onClear }: { search: MessagesSearch; onClear: () => void }) {
  const t = useText();
  const go = useNavigate();
  const zone = useZone();
  const [at, setAt] = useState(-1);
  const query = search.q ?? "";
  const list = useMessageSearch({ query, authorId: search.author, recordType: search.type, hasFiles: search.files, from: search.from, to: search.to }, zone);
  const results = list.data?.pages.flatMap((page) => page.results) ?? [];
  const first = list.data?.pages[0];
  useKeys({
    j: () => setAt(Math.min(at + 1, results.length - 1)),
    k: () => setAt(Math.max(0, at - 1)),
    Enter: () => {
      const chosen = results[at];
      if (chosen) void go(placeOf(chosen));
    },
  });
  if (query === "") return <Empty text={t("search.hint")} />;
  if (list.error) return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (!first) return <RowSkeletons height={HIT_HEIGHT} />;
  const filtered = Boolean(search.type ?? search.author ?? search.from ?? search.to ?? search.files);
  if (results.length === 0 && !list.hasNextPage) return <Empty text={t("search.nothing", { query })} action={filtered && <Button variant="default" onClick={onClear}>{t("search.clear")}</Button>} />;
  return (
    <>
      <div className={classes.found}><HitCount first={first} /></div>
      <div className={classes.list} data-stale={list.isPlaceholderData}>
        <VirtualList items={results} keyOf={(one) => one.messageId} height={HIT_HEIGHT} label={t("search.results")} selected={at} onEnd={list.hasNextPage && !list.isFetchingNextPage ? () => void list.fetchNextPage() : undefined}>
          {(result, index) => <Link {...placeOf(result)} className={classes.row} data-selected={index === at}><Hit result={result} place /></Link>}
        </VirtualList>
      </div>
    </>
  );
}
