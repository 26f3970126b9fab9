import { useMemo, useState } from "react";
import type { Record as ParleyRecord } from "../api/contract.ts";

/** So many records go into one change. */
export const MOST_CHOSEN = 200;

/** The records that are ticked, also on other pages. */
export interface Selection {
  chosen: ReadonlyMap<string, ParleyRecord>;
  toggle: (record: ParleyRecord, range?: boolean) => void;
  /** Ticks all that are shown, or none of them. */
  toggleAll: () => void;
  all: boolean;
  some: boolean;
  clear: () => void;
}

/** Lets people tick records; with range all from the last one ticked. */
export function useSelection(shown: readonly ParleyRecord[]): Selection {
  const [chosen, setChosen] = useState<ReadonlyMap<string, ParleyRecord>>(new Map());
  const [last, setLast] = useState("");
  return useMemo(() => {
    const count = shown.filter((record) => chosen.has(record.id)).length;
    const all = shown.length > 0 && count === shown.length;
    return {
      chosen,
      all,
      some: count > 0 && !all,
      toggle: (record, range = false) => {
        setLast(record.id);
        setChosen(range ? withRange(chosen, shown, last, record) : toggled(chosen, record));
      },
      toggleAll: () => setChosen(all ? lacking(chosen, shown) : capped([...chosen.values(), ...shown])),
      clear: () => setChosen(new Map()),
    };
  }, [chosen, last, shown]);
}

function toggled(chosen: ReadonlyMap<string, ParleyRecord>, record: ParleyRecord): ReadonlyMap<string, ParleyRecord> {
  return chosen.has(record.id) ? lacking(chosen, [record]) : capped([...chosen.values(), record]);
}

function lacking(chosen: ReadonlyMap<string, ParleyRecord>, gone: readonly ParleyRecord[]): ReadonlyMap<string, ParleyRecord> {
  const ids = new Set(gone.map((record) => record.id));
  return new Map([...chosen].filter(([id]) => !ids.has(id)));
}

function withRange(chosen: ReadonlyMap<string, ParleyRecord>, shown: readonly ParleyRecord[], from: string, to: ParleyRecord): ReadonlyMap<string, ParleyRecord> {
  const ends = [shown.findIndex((one) => one.id === from), shown.findIndex((one) => one.id === to.id)].sort((a, b) => a - b);
  const [begin = 0, end = 0] = ends;
  return begin < 0 ? toggled(chosen, to) : capped([...chosen.values(), ...shown.slice(begin, end + 1)]);
}

function capped(records: readonly ParleyRecord[]): ReadonlyMap<string, ParleyRecord> {
  return new Map([...new Map(records.map((record) => [record.id, record]))].slice(0, MOST_CHOSEN));
}
