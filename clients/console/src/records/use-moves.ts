import { createClient } from "@connectrpc/connect";
import { createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { notifications } from "@mantine/notifications";
import { useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useReducer, useRef } from "react";
import { RecordService, type Field, type GroupRecordsResponse, type ListRecordsResponse, type Record as ParleyRecord, type RecordType } from "../api/contract.ts";
import { toFault } from "../api/fault.ts";
import { useText } from "../intl/intl.tsx";
import { useFaultText } from "../ui/states.tsx";
import { columnCel, columnValue, groupsAfter, reduceMoves, without, withRecord, type Move } from "./board.ts";
import { listKeys } from "./list-keys.ts";
import { saveField } from "./save.ts";

/** The cards on their way, and how to send another. */
export interface Moves {
  list: readonly Move[];
  move: (record: ParleyRecord, from: string, to: string) => void;
}

/** Moves cards at once; what the server refuses goes back, and says why. */
export function useMoves(type: RecordType, by: Field, sumField: string): Moves {
  const t = useText();
  const faultText = useFaultText();
  const transport = useTransport();
  const queries = useQueryClient();
  const [list, dispatch] = useReducer(reduceMoves, []);
  // The moves of one card go one after another.
  const turns = useRef(new Map<string, Promise<unknown>>());

  /** Says in what was loaded what the server just did, so that nothing flickers until it is read anew. */
  function settle(move: Move, record: ParleyRecord): void {
    const cards = createConnectQueryKey({ schema: RecordService.method.listRecords, input: { type: type.name }, cardinality: "infinite" });
    for (const [key, data] of queries.getQueriesData<InfiniteData<ListRecordsResponse>>({ queryKey: cards })) {
      const { filter = "" } = inputOf(key);
      if (filter.endsWith(`(${columnCel(by, move.to)})`)) queries.setQueryData(key, withRecord(data, record));
      else if (filter.endsWith(`(${columnCel(by, move.from)})`)) queries.setQueryData(key, without(data, record.id));
    }
    const groups = createConnectQueryKey({ schema: RecordService.method.groupRecords, input: { type: type.name, field: by.name }, cardinality: "finite" });
    queries.setQueriesData<GroupRecordsResponse>({ queryKey: groups }, (data) => data && { ...data, groups: groupsAfter(data.groups, [move], sumField) });
  }

  async function send(move: Move): Promise<void> {
    const { record, from, to } = move;
    try {
      const saved = await saveField(createClient(RecordService, transport), record, by.name, columnValue(by, from), columnValue(by, to));
      if (saved.conflict) {
        const where = saved.conflict.theirsText || t("board.unset");
        notifications.show({ color: "amber", message: t("board.conflict", { title: record.title, value: where }) });
        dispatch({ kind: "refused", recordId: record.id, to });
      } else {
        settle(move, saved.record);
        dispatch({ kind: "saved", recordId: record.id, to, record: saved.record });
      }
    } catch (reason) {
      dispatch({ kind: "refused", recordId: record.id, to });
      notifications.show({ color: "red", title: t("board.refused", { title: record.title }), message: faultText(toFault(reason)) });
    } finally {
      for (const queryKey of listKeys(type.name)) void queries.invalidateQueries({ queryKey });
    }
  }

  function move(record: ParleyRecord, from: string, to: string): void {
    if (from === to) return;
    const next: Move = { record, from, to };
    dispatch({ kind: "moved", move: next });
    const turn = (turns.current.get(record.id) ?? Promise.resolve()).then(() => send(next));
    turns.current.set(record.id, turn);
  }

  return { list, move };
}

function inputOf(key: readonly unknown[]): { filter?: string } {
  const [, options] = key;
  if (typeof options !== "object" || options === null || !("input" in options)) return {};
  const { input } = options;
  if (typeof input !== "object" || input === null || !("filter" in input)) return {};
  return typeof input.filter === "string" ? { filter: input.filter } : {};
}
