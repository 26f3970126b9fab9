import { createConnectQueryKey } from "@connectrpc/connect-query";
import { RecordService } from "../api/contract.ts";

/** The keys of all that is read of many records, of one type or of all. */
export function listKeys(type?: string) {
  const { listRecords, countRecords, groupRecords } = RecordService.method;
  const input = type === undefined ? undefined : { type };
  return [
    createConnectQueryKey({ schema: listRecords, input, cardinality: undefined }),
    createConnectQueryKey({ schema: countRecords, input, cardinality: undefined }),
    createConnectQueryKey({ schema: groupRecords, input, cardinality: undefined }),
  ];
}
