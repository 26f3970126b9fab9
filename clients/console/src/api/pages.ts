import type { InfiniteData } from "@tanstack/react-query";

/** What connect-query's infinite queries need for a method that pages by token. */
export const byPageToken = {
  pageParamKey: "pageToken",
  getNextPageParam: (last: { nextPageToken: string }): string | undefined => last.nextPageToken || undefined,
} as const;

/** Changes the pages of an infinite query that may not be loaded yet. */
export function mapPages<P>(data: InfiniteData<P> | undefined, change: (page: P, index: number) => P): InfiniteData<P> | undefined {
  return data && { ...data, pages: data.pages.map(change) };
}
