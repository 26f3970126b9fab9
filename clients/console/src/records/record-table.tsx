import { Checkbox, Skeleton } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useEffect, useRef, type ReactNode } from "react";
import { FieldType, type Field, type Record as ParleyRecord, type RecordType } from "../api/contract.ts";
import { When } from "../intl/time.tsx";
import { useText } from "../intl/intl.tsx";
import type { Selection } from "./selection.ts";
import { isNumeric, Value } from "./values.tsx";
import classes from "./table.module.css";

interface RecordTableProps {
  type: RecordType;
  columns: Field[];
  records: ParleyRecord[];
  loading: boolean;
  dimmed: boolean;
  /** The row that the keys are at. */
  cursor: number;
  selection: Selection;
  /** As in an address: "amount desc". */
  sort: string;
  onSort: (sort: string) => void;
  /** A button of the mouse went down on the rows. */
  onPress?: () => void;
  empty: ReactNode;
}

/** Records in rows; a click on a head sorts. */
export function RecordTable(props: RecordTableProps) {
  const t = useText();
  const { type, columns, records, loading, dimmed, cursor, selection, sort, onSort, onPress, empty } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  useEffect(() => {
    body.current?.children[cursor]?.scrollIntoView({ block: "nearest" });
  }, [cursor]);
  if (!loading && records.length === 0) return empty;
  const title = type.fields.find((field) => field.name === type.titleField);
  return (
    <div className={classes.box} data-dimmed={dimmed}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col" className={classes.tick}>
              <Checkbox size="xs" aria-label={t("records.chooseAll")} checked={selection.all} indeterminate={selection.some} disabled={records.length === 0} onChange={selection.toggleAll} />
            </th>
            <Head name={type.titleField} label={title?.label ?? t("records.title")} sort={sort} onSort={onSort} />
            {columns.map((field) => (
              <Head key={field.name} name={field.name} label={field.label} sort={sort} onSort={onSort} end={isNumeric(field)} fixed={field.type === FieldType.REFERENCES} />
            ))}
            <Head name="update_time" label={t("records.changed")} sort={sort} onSort={onSort} end />
          </tr>
        </thead>
        <tbody ref={body} onPointerDown={onPress}>
          {loading && <Waiting columns={columns.length + 3} />}
          {records.map((record, index) => (
            <Row key={record.id} record={record} columns={columns} cursor={index === cursor} selection={selection} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeadProps {
  name: string;
  label: string;
  sort: string;
  onSort: (sort: string) => void;
  end?: boolean;
  /** Cannot be sorted by. */
  fixed?: boolean;
}

function Head({ name, label, sort, onSort, end = false, fixed = false }: HeadProps) {
  const ascending = sort === name;
  const descending = sort === `${name} desc`;
  const next = ascending ? `${name} desc` : descending ? "" : name;
  if (fixed) return <th className={classes.fixed} scope="col">{label}</th>;
  return (
    <th scope="col" data-end={end} aria-sort={ascending ? "ascending" : descending ? "descending" : "none"}>
      <button type="button" className={classes.sort} onClick={() => onSort(next)}>
        {label}
        {ascending && <IconArrowUp size={13} aria-hidden />}
        {descending && <IconArrowDown size={13} aria-hidden />}
      </button>
    </th>
  );
}

function Row({ record, columns, cursor, selection }: { record: ParleyRecord; columns: Field[]; cursor: boolean; selection: Selection }) {
  const t = useText();
  const chosen = selection.chosen.has(record.id);
  return (
    <tr data-cursor={cursor} data-selected={chosen}>
      <td className={classes.tick}>
        <Checkbox
          size="xs"
          aria-label={t("records.choose", { title: record.title || t("record.untitled") })}
          checked={chosen}
          onChange={(event) => selection.toggle(record, event.nativeEvent instanceof MouseEvent && event.nativeEvent.shiftKey)}
        />
      </td>
      <td className={classes.title} dir="auto">
        <Link to="/records/$type/$recordId" params={{ type: record.type, recordId: record.id }} className={classes.link}>
          {record.title || t("record.untitled")}
        </Link>
      </td>
      {columns.map((field) => (
        <td key={field.name} data-end={isNumeric(field)}><Value field={field} record={record} /></td>
      ))}
      <td data-end="true" className={classes.meta}><When at={record.updateTime} /></td>
    </tr>
  );
}

function Waiting({ columns }: { columns: number }) {
  return Array.from({ length: 12 }, (_, row) => (
    <tr key={row}>
      {Array.from({ length: columns }, (_unused, column) => (
        <td key={column}><Skeleton h={10} w={column === 0 ? 16 : `${column === 1 ? 70 - (row % 4) * 8 : 60}%`} /></td>
      ))}
    </tr>
  ));
}
