// oxlint-disable no-await-in-loop -- each step follows from the one before
/** A method that lists by pages, such as `parley.records.listRecords`. */
export type ListMethod<Request extends { pageToken?: string }, Response extends { nextPageToken: string }> = (
  request: Request,
  options?: { signal?: AbortSignal },
) => Promise<Response>;

/**
 * Yields every page of a list, from the request's page token on. Stop at any
 * time: the next page is asked for only when it is wanted.
 *
 *     for await (const { users } of pages(parley.identity.listUsers, { query: "ann" })) ...
 */
export async function* pages<Request extends { pageToken?: string }, Response extends { nextPageToken: string }>(
  list: ListMethod<Request, Response>,
  request: Request,
  options: { signal?: AbortSignal } = {},
): AsyncGenerator<Response, void, undefined> {
  for (let pageToken = request.pageToken ?? ""; ; ) {
    const page = await list({ ...request, pageToken }, options);
    yield page;
    pageToken = page.nextPageToken;
    if (pageToken === "") return;
  }
}
