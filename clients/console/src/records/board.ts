import type { JsonValue } from "@bufbuild/protobuf";
import type { InfiniteData } from "@tanstack/react-query";
import {
  FieldType,
  type Field,
  type ListRecordsResponse,
  type Record as ParleyRecord,
  type RecordGroup,
  type RecordType,
} from "../api/contract.ts";
import { addDecimals, negated } from "./decimal.ts";
import { quote } from "./filter.ts";
import { toMoney } from "./values.tsx";

/** A card that was put into another column, and that the server has not confirmed there yet. */
export interface Move {
  record: ParleyRecord;
  /** The values of the columns; empty for the one without a value. */
  from: string;
  to: string;
}

export type BoardAction =
  | { kind: "moved"; move: Move }
  | { kind: "saved"; recordId: string; to: string; record: ParleyRecord }
  | { kind: "refused"; recordId: string; to: string };

/** Keeps what was moved and not confirmed: what is refused falls back to its column by itself. */
export function reduceMoves(moves: readonly Move[], action: BoardAction): readonly Move[] {
  switch (action.kind) {
    case "moved": {
      const { move } = action;
      const earlier = moves.find((one) => one.record.id === move.record.id);
      const others = moves.filter((one) => one !== earlier);
      const from = earlier?.from ?? move.from;
      return from === move.to && !earlier ? others : [...others, { ...move, from }];
    }
    case "saved":
      return moves.flatMap((one) => {
        if (one.record.id !== action.recordId) return [one];
        return one.to === action.to ? [] : [{ ...one, record: action.record, from: action.to }];
      });
    case "refused":
      return moves.filter((one) => one.record.id !== action.recordId || one.to !== action.to);
    default:
      return moves;
  }
}

/** The cards of a column: those that the server has there, without those that left and with those that came. */
export function cardsOf(records: readonly ParleyRecord[], value: string, moves: readonly Move[]): ParleyRecord[] {
  const gone = new Set(moves.filter((move) => move.to !== value).map((move) => move.record.id));
  const staying = records.filter((record) => !gone.has(record.id));
  const here = new Set(staying.map((record) => record.id));
  const coming = moves.filter((move) => move.to === value && move.from !== value && !here.has(move.record.id)).map((move) => move.record);
  return [...coming.reverse(), ...staying];
}

/** The heads of the columns, with what was moved counted where it is now. */
export function groupsAfter(groups: readonly RecordGroup[], moves: readonly Move[], sumField: string): RecordGroup[] {
  return groups.map((group) => moves.reduce((now, move) => applyMove(now, move, sumField), group));
}

function applyMove(group: RecordGroup, move: Move, sumField: string): RecordGroup {
  if (move.from === move.to) return group;
  if (group.value === move.from) return changed(group, move.record, sumField, -1);
  return group.value === move.to ? changed(group, move.record, sumField, 1) : group;
}

function changed(group: RecordGroup, record: ParleyRecord, sumField: string, by: 1 | -1): RecordGroup {
  const amount = amountOf(record.fields?.[sumField]);
  const count = group.count + BigInt(by);
  if (!amount) return { ...group, count };
  const term = by === 1 ? amount.amount : negated(amount.amount);
  const known = group.sums.find((sum) => sum.currency === amount.currency);
  const sums = known
    ? group.sums.map((sum) => (sum === known ? { ...sum, amount: addDecimals(sum.amount, term) } : sum))
    : [...group.sums, { $typeName: "parley.record.v1.RecordSum" as const, currency: amount.currency, amount: term }];
  return { ...group, count, sums };
}

function amountOf(value: JsonValue | undefined): { amount: string; currency: string } | undefined {
  if (typeof value === "string" || typeof value === "number") return { amount: String(value), currency: "" };
  return toMoney(value);
}

/** Takes a record out of loaded pages. */
export function without(data: InfiniteData<ListRecordsResponse> | undefined, recordId: string): InfiniteData<ListRecordsResponse> | undefined {
  return data && { ...data, pages: data.pages.map((page) => ({ ...page, records: page.records.filter((one) => one.id !== recordId) })) };
}

/** Puts a record on top of loaded pages, or in the place it has. */
export function withRecord(data: InfiniteData<ListRecordsResponse> | undefined, record: ParleyRecord): InfiniteData<ListRecordsResponse> | undefined {
  if (!data) return data;
  const known = data.pages.some((page) => page.records.some((one) => one.id === record.id));
  const pages = data.pages.map((page, index) => {
    if (known) return { ...page, records: page.records.map((one) => (one.id === record.id ? record : one)) };
    return index === 0 ? { ...page, records: [record, ...page.records] } : page;
  });
  return { ...data, pages };
}

/** True for fields whose values make columns. */
export function makesColumns(field: Field): boolean {
  return field.type === FieldType.SELECTION || field.type === FieldType.BOOLEAN || (field.type === FieldType.REFERENCE && field.targetType === "user");
}

/** True for fields that can be added up. */
export function hasSum(field: Field): boolean {
  return [FieldType.MONEY, FieldType.DECIMAL, FieldType.INTEGER].includes(field.type);
}

/** The field that makes a board's columns: the one asked for, or the one that a type's work is seen by. */
export function boardField(type: RecordType, wish: string | undefined): Field | undefined {
  const fit = type.fields.filter(makesColumns);
  return (
    fit.find((field) => field.name === wish) ??
    fit.find((field) => field.type === FieldType.SELECTION && field.tracked) ??
    fit.find((field) => field.type === FieldType.SELECTION) ??
    fit[0]
  );
}

/** The field that is added up: the one asked for, "" for none, or the first amount of money. */
export function sumFieldOf(type: RecordType, wish: string | undefined): string {
  if (wish === "-") return "";
  const fit = type.fields.filter(hasSum);
  return (fit.find((field) => field.name === wish) ?? fit.find((field) => field.type === FieldType.MONEY))?.name ?? "";
}

/** The condition for the records of a column. */
export function columnCel(field: Field, value: string): string {
  const name = `record.${field.name}`;
  if (value === "") return `!has(${name})`;
  if (field.type !== FieldType.BOOLEAN) return `${name} == ${quote(value)}`;
  return value === "true" ? name : `has(${name}) && !${name}`;
}

/** What a field gets from a column. */
export function columnValue(field: Field, value: string): JsonValue | undefined {
  if (value === "") return undefined;
  return field.type === FieldType.BOOLEAN ? value === "true" : value;
}
