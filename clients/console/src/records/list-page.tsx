import { ActionIcon, Button, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { IconChevronLeft, IconChevronRight, IconPlus, IconSearch } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useIntl } from "react-intl";
import { RecordService, type Record as ParleyRecord, type RecordType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useKeys } from "../keys/keys.tsx";
import type { RecordsSearch } from "../search.ts";
import { Header } from "../ui/header.tsx";
import { Empty, Failure } from "../ui/states.tsx";
import { useColumns } from "./columns.ts";
import { ColumnMenu } from "./column-menu.tsx";
import { FilterButton } from "./filter-button.tsx";
import { both, decodeFilter, searchToCel, toCel } from "./filter.ts";
import { useRecordType } from "./query.ts";
import { RecordTable } from "./record-table.tsx";
import classes from "./records.module.css";

const route = getRouteApi("/app/records/$type");
const PAGE = 50;

/** The records of one type: what the address says of them. */
export function ListPage() {
  const t = useText();
  const { type: name } = route.useParams();
  const type = useRecordType(name);
  if (!type) return <Empty text={t("records.noType")} />;
  return <List key={name} type={type} />;
}

function useFilter(type: RecordType, search: RecordsSearch): string {
  const own = search.q ?? toCel(decodeFilter(search.f), type.fields);
  return both(own, searchToCel(search.s ?? ""));
}

function List({ type }: { type: RecordType }) {
  const t = useText();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const go = useNavigate();
  const filter = useFilter(type, search);
  const list = useQuery(
    RecordService.method.listRecords,
    { type: type.name, filter, orderBy: search.sort ?? "", pageSize: PAGE, pageToken: search.page ?? "" },
    { placeholderData: keepPreviousData },
  );
  const columns = useColumns(type);
  const records = list.data?.records ?? [];
  const [at, setAt] = useState(-1);
  const open = (record: ParleyRecord): void => void go({ to: "/records/$type/$recordId", params: { type: type.name, recordId: record.id } });
  const change = (next: RecordsSearch): void => {
    setAt(-1);
    void navigate({ search: (now) => ({ ...now, n: undefined, page: undefined, ...next }) });
  };
  useKeys({
    j: () => setAt(Math.min(records.length - 1, at + 1)),
    k: () => setAt(Math.max(0, at - 1)),
    Enter: () => records[at] && open(records[at]),
    c: () => void go({ to: "/records/$type/new", params: { type: type.name } }),
  });
  return (
    <>
      <Header title={type.pluralLabel || type.label} detail={<Count type={type.name} filter={filter} />} back={() => void go({ to: "/records" })}>
        <Button leftSection={<IconPlus size={15} />} renderRoot={(props) => <Link to="/records/$type/new" params={{ type: type.name }} {...props} />}>
          {t("record.new")}
        </Button>
      </Header>
      <div className={classes.tools}>
        <SearchBox value={search.s ?? ""} onChange={(s) => change({ s: s || undefined })} />
        <FilterButton type={type} search={search} onChange={change} />
        <span className={classes.push} />
        <ColumnMenu type={type} columns={columns} />
        <Pager search={search} next={list.data?.nextPageToken ?? ""} listKey={`${type.name}|${filter}|${search.sort ?? ""}`} count={records.length} />
      </div>
      {list.error ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : (
        <RecordTable
          type={type}
          columns={columns.shown}
          records={records}
          loading={list.isPending}
          dimmed={list.isPlaceholderData}
          selected={at}
          sort={search.sort ?? ""}
          onSort={(sort) => change({ sort: sort || undefined })}
          empty={
            filter === "" ? (
              <Empty text={t("records.empty", { type: type.pluralLabel || type.label })} />
            ) : (
              <Empty
                text={t("records.noMatch")}
                action={<Button variant="default" onClick={() => change({ f: undefined, q: undefined, s: undefined })}>{t("filter.clear")}</Button>}
              />
            )
          }
        />
      )}
    </>
  );
}

function Count({ type, filter }: { type: string; filter: string }) {
  const t = useText();
  const { data } = useQuery(RecordService.method.countRecords, { type, filter }, { placeholderData: keepPreviousData });
  return <>{data ? t("records.count", { count: Number(data.count) }) : " "}</>;
}

/** Finds by words in the title; "/" leads here. */
function SearchBox({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const t = useText();
  const [typed, setTyped] = useState({ text: value, from: value });
  const input = useRef<HTMLInputElement>(null);
  const settle = useDebouncedCallback(onChange, 250);
  // Another address brings other words.
  if (typed.from !== value) setTyped({ text: value, from: value });
  useKeys({ "/": () => input.current?.focus() });
  return (
    <TextInput
      ref={input}
      size="xs"
      className={classes.search}
      leftSection={<IconSearch size={15} />}
      placeholder={t("records.search")}
      aria-label={t("records.search")}
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

/** Goes from page to page; remembers in this tab which token led to which. */
function Pager({ search, next, listKey, count }: { search: RecordsSearch; next: string; listKey: string; count: number }) {
  const t = useText();
  const intl = useIntl();
  const navigate = route.useNavigate();
  const number = search.n ?? 1;
  const store = `parley.pages.${listKey}`;
  const trail = readTrail(store);
  if (number === 1 && next === "") return null;
  function turn(to: number, page: string | undefined): void {
    sessionStorage.setItem(store, JSON.stringify({ ...trail, [String(number)]: search.page ?? "" }));
    void navigate({ search: (now) => ({ ...now, n: to > 1 ? to : undefined, page: to > 1 ? page : undefined }) });
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
