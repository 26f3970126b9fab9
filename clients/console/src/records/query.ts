import { useQuery } from "@connectrpc/connect-query";
import { topic } from "@parley/client";
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";
import { RecordService, type RecordType } from "../api/contract.ts";
import { useServices } from "../services.tsx";
import { listKeys } from "./list-keys.ts";

/** The record types of the workspace. */
export function useRecordTypes() {
  return useQuery(RecordService.method.listRecordTypes, { pageSize: 200 }, { staleTime: 300_000 });
}

/** One record type by name. */
export function useRecordType(name: string): RecordType | undefined {
  return useRecordTypes().data?.recordTypes.find((type) => type.name === name);
}

/** Keeps what is shown of a type's records live. */
export function useLiveRecords(type: string): void {
  const { engine } = useServices();
  useEffect(() => engine.watch(topic.records(type)), [engine, type]);
}

/** Reads all lists of records anew. */
export async function renewLists(queries: QueryClient): Promise<void> {
  await Promise.all(listKeys().map((queryKey) => queries.invalidateQueries({ queryKey })));
}

/** The same as a function of the page. */
export function useRenewLists(): () => Promise<void> {
  const queries = useQueryClient();
  return useCallback(() => renewLists(queries), [queries]);
}
