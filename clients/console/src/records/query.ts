import { useQuery } from "@connectrpc/connect-query";
import { RecordService, type RecordType } from "../api/contract.ts";

/** The record types of the workspace. */
export function useRecordTypes() {
  return useQuery(RecordService.method.listRecordTypes, { pageSize: 200 }, { staleTime: 300_000 });
}

/** One record type by name. */
export function useRecordType(name: string): RecordType | undefined {
  return useRecordTypes().data?.recordTypes.find((type) => type.name === name);
}
