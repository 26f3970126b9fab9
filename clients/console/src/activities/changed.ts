import type { DescMethodUnary } from "@bufbuild/protobuf";
import { createConnectQueryKey } from "@connectrpc/connect-query";
import type { QueryClient } from "@tanstack/react-query";
import { ActivityService } from "../api/contract.ts";

const READS: readonly DescMethodUnary[] = [
  ActivityService.method.listActivities,
  ActivityService.method.countMyActivities,
  ActivityService.method.listActivityRows,
  ActivityService.method.listActivityDays,
  ActivityService.method.getActivity,
];

/** Reads everything about planned activities anew that is shown. */
export function activitiesChanged(queries: QueryClient): void {
  for (const schema of READS) void queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema, cardinality: undefined }) });
}
