import { Select } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useMemo } from "react";
import { RecordService, type Field } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Failure } from "../ui/states.tsx";
import { boardField, groupsAfter, hasSum, makesColumns, sumFieldOf } from "./board.ts";
import { Board, BoardSkeleton } from "./board-columns.tsx";
import { FilterButton } from "./filter-button.tsx";
import type { ListViewProps } from "./list-page.tsx";
import { SearchBox } from "./search-box.tsx";
import { Nothing } from "./table-view.tsx";
import { useMoves } from "./use-moves.ts";
import classes from "./records.module.css";

/** Records as cards, in a column for each value of a field. */
export function BoardView(props: ListViewProps) {
  const { type, search, filter, onChange } = props;
  const t = useText();
  const by = boardField(type, search.by);
  return (
    <>
      <div className={classes.tools}>
        <SearchBox value={search.s ?? ""} onChange={(s) => onChange({ s: s || undefined })} />
        <FilterButton type={type} value={search.q ?? ""} onChange={(q) => onChange({ q: q || undefined })} />
        <span className={classes.push} />
        <Choice label={t("board.by")} fields={type.fields.filter(makesColumns)} value={by?.name ?? ""} onChange={(name) => onChange({ by: name })} />
        <Choice
          label={t("board.sum")}
          none={t("board.noSum")}
          fields={type.fields.filter(hasSum)}
          value={sumFieldOf(type, search.sum)}
          onChange={(name) => onChange({ sum: name || "-" })}
        />
      </div>
      {by && <Loaded {...props} key={`${by.name}|${filter}`} by={by} />}
    </>
  );
}

function Loaded({ type, search, filter, onChange, by }: ListViewProps & { by: Field }) {
  const sumField = sumFieldOf(type, search.sum);
  const { data, error, isPending, refetch } = useQuery(
    RecordService.method.groupRecords,
    { type: type.name, filter, field: by.name, sumField },
    { placeholderData: keepPreviousData },
  );
  const moves = useMoves(type, by, sumField);
  const groups = useMemo(() => groupsAfter(data?.groups ?? [], moves.list, sumField), [data, moves.list, sumField]);
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (isPending) return <BoardSkeleton columns={Math.max(3, by.options.length)} />;
  if (data?.count === 0n) return <Nothing type={type} filter={filter} onClear={() => onChange({ q: undefined, s: undefined })} />;
  return <Board type={type} by={by} filter={filter} sort={search.sort ?? "update_time desc"} groups={groups} sumField={sumField} moves={moves} />;
}

interface ChoiceProps {
  label: string;
  fields: Field[];
  value: string;
  /** The words for no field, where that can be chosen. */
  none?: string;
  onChange: (name: string) => void;
}

function Choice({ label, fields, value, none, onChange }: ChoiceProps) {
  if (fields.length === 0 || (fields.length === 1 && none === undefined)) return null;
  const data = fields.map((field) => ({ value: field.name, label: field.label }));
  return (
    <Select
      size="xs"
      w={150}
      allowDeselect={false}
      aria-label={label}
      title={label}
      data={none === undefined ? data : [{ value: "", label: none }, ...data]}
      value={value}
      onChange={(name) => onChange(name ?? "")}
      visibleFrom="sm"
    />
  );
}
