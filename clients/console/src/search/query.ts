import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { SearchService } from "../api/contract.ts";
import { addDays, isDay, type Day } from "../activities/days.ts";
import { byPageToken } from "../api/pages.ts";
import { momentOf } from "../thread/zone.ts";

/** What one looks for. */
export interface MessageSearch {
  query: string;
  threadId?: string;
  authorId?: string;
  recordType?: string;
  hasFiles?: boolean;
  /** The first and the last day, in the reader's time zone; empty for any. */
  from?: Day;
  to?: Day;
}

/** The moment at which a day begins in a zone. */
export function dayStart(day: Day, zone: string): number {
  const [year = 1970, month = 1, date = 1] = day.split("-").map(Number);
  return momentOf({ year, month, day: date, hour: 0, minute: 0 }, zone);
}

/** The request for a search. */
export function toRequest({ query, threadId = "", authorId = "", recordType = "", hasFiles = false, from = "", to = "" }: MessageSearch, zone: string) {
  return {
    query: query.trim().slice(0, 200),
    threadId,
    authorId,
    recordType,
    hasFiles,
    afterTime: isDay(from) ? timestampFromMs(dayStart(from, zone)) : undefined,
    beforeTime: isDay(to) ? timestampFromMs(dayStart(addDays(to, 1), zone)) : undefined,
    pageSize: 20,
    pageToken: "",
  };
}

/** Messages with the words looked for, page by page, the newest first. */
export function useMessageSearch(search: MessageSearch, zone: string) {
  return useInfiniteQuery(SearchService.method.searchMessages, toRequest(search, zone), {
    ...byPageToken,
    enabled: search.query.trim() !== "",
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
}
