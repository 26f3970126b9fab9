import { Button } from "@mantine/core";
import { useWindowEvent } from "@mantine/hooks";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { RecordService, type Record as ParleyRecord } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useKeys } from "../keys/keys.tsx";
import { Empty, Failure } from "../ui/states.tsx";
import { BulkBar } from "./bulk-bar.tsx";
import { ColumnMenu } from "./column-menu.tsx";
import { useColumns } from "./columns.ts";
import { FilterButton } from "./filter-button.tsx";
import type { ListViewProps } from "./list-page.tsx";
import { PAGE, Pager } from "./pager.tsx";
import { RecordTable } from "./record-table.tsx";
import { SearchBox } from "./search-box.tsx";
import { useSelection } from "./selection.ts";
import classes from "./records.module.css";

/** Records in rows, a page at a time. */
export function TableView({ type, search, filter, onChange }: ListViewProps) {
  const go = useNavigate();
  const list = useQuery(
    RecordService.method.listRecords,
    { type: type.name, filter, orderBy: search.sort ?? "", pageSize: PAGE, pageToken: search.page ?? "" },
    { placeholderData: keepPreviousData },
  );
  const columns = useColumns(type);
  const { held: records, hold } = useHeld(list.data?.records ?? []);
  const selection = useSelection(records);
  const [at, setAt] = useState(-1);
  const open = (record: ParleyRecord): void => void go({ to: "/records/$type/$recordId", params: { type: type.name, recordId: record.id } });
  const change: typeof onChange = (next) => {
    setAt(-1);
    onChange(next);
  };
  useKeys({
    j: () => setAt(Math.min(records.length - 1, at + 1)),
    k: () => setAt(Math.max(0, at - 1)),
    Enter: () => records[at] && open(records[at]),
    x: () => records[at] && selection.toggle(records[at]),
    ...(selection.chosen.size > 0 && { Escape: selection.clear }),
  });
  return (
    <>
      {selection.chosen.size > 0 ? (
        <BulkBar type={type} records={[...selection.chosen.values()]} onClear={selection.clear} />
      ) : (
        <div className={classes.tools}>
          <SearchBox value={search.s ?? ""} onChange={(s) => change({ s: s || undefined })} />
          <FilterButton type={type} value={search.q ?? ""} onChange={(q) => change({ q: q || undefined })} />
          <span className={classes.push} />
          <ColumnMenu type={type} columns={columns} />
          <Pager search={search} next={list.data?.nextPageToken ?? ""} listKey={`${type.name}|${filter}|${search.sort ?? ""}`} count={records.length} onChange={change} />
        </div>
      )}
      {list.error && !list.data ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : (
        <RecordTable
          onPress={hold}
          type={type}
          columns={columns.shown}
          records={records}
          loading={list.isPending}
          dimmed={list.isPlaceholderData}
          cursor={at}
          selection={selection}
          sort={search.sort ?? ""}
          onSort={(sort) => change({ sort: sort || undefined })}
          empty={<Nothing type={type} filter={filter} onClear={() => change({ q: undefined, s: undefined })} />}
        />
      )}
    </>
  );
}

/** No records at all, or none that the filter lets through. */
export function Nothing({ type, filter, onClear }: Pick<ListViewProps, "type" | "filter"> & { onClear: () => void }) {
  const t = useText();
  if (filter !== "") return <Empty text={t("records.noMatch")} action={<Button variant="default" onClick={onClear}>{t("filter.clear")}</Button>} />;
  return (
    <Empty
      text={t("records.empty", { type: type.pluralLabel || type.label })}
      action={<Button variant="default" renderRoot={(root) => <Link to="/records/$type/new" params={{ type: type.name }} {...root} />}>{t("record.newOf", { type: type.label })}</Button>}
    />
  );
}

/** Keeps rows where they are from the press of a button to its click, so that the click meets the row it was meant for. */
function useHeld(records: ParleyRecord[]): { held: ParleyRecord[]; hold: () => void } {
  const [held, setHeld] = useState<ParleyRecord[]>();
  const release = (): void => {
    if (held) setTimeout(() => setHeld(undefined));
  };
  useWindowEvent("pointerup", release);
  useWindowEvent("pointercancel", release);
  return { held: held ?? records, hold: () => setHeld(records) };
}
