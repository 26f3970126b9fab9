import { useInfiniteQuery, useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { ActivityService, type ActivityState } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import { useNow } from "../intl/now.tsx";
import { useServices } from "../services.tsx";
import { activitiesChanged } from "./changed.ts";
import { dayIn, type Day } from "./days.ts";

/** What becomes overdue with the day is noticed within so many milliseconds, also where no event tells of it. */
const LOOK_MS = 5 * 60_000;

/** Reads what is planned anew, for what has just changed some of it. */
export function useActivitiesChanged(): () => void {
  const queries = useQueryClient();
  return useCallback(() => activitiesChanged(queries), [queries]);
}

/** The types of activity for records of a type; empty for all types. */
export function useActivityTypes(recordType: string, enabled = true) {
  return useQuery(ActivityService.method.listActivityTypes, { recordType, pageSize: 200 }, { staleTime: 60_000, enabled });
}

/** Which activities to list. */
export interface ActivityFilter {
  recordId?: string;
  recordType?: string;
  mine?: boolean;
  typeIds?: string[];
  states?: ActivityState[];
}

/** Planned activities, page by page. */
export function useActivities(filter: ActivityFilter, enabled = true) {
  return useInfiniteQuery(
    ActivityService.method.listActivities,
    { ...filter, pageSize: filter.recordId ? 100 : 50, pageToken: "" },
    { ...byPageToken, enabled, refetchInterval: LOOK_MS, refetchOnWindowFocus: "always" },
  );
}

/** How many planned activities the caller has, by state. */
export function useActivityCounts() {
  return useQuery(ActivityService.method.countMyActivities, {}, { refetchInterval: LOOK_MS, refetchOnWindowFocus: "always" });
}

/** The caller's time zone: their own, or the workspace's. */
export function useZone(): string {
  const { me, workspace } = useServices();
  return me.timeZone || workspace.timeZone || "UTC";
}

/** The day that it is where the caller lives. */
export function useToday(): Day {
  const zone = useZone();
  return dayIn(zone, useNow());
}
