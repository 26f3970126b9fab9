import { createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { IdentityService } from "../src/gen/parley/identity/v1/identity_service_pb.js";
import { createParley, pages, type Parley } from "../src/index.js";

function setup(): { parley: Parley; asked: string[] } {
  const asked: string[] = [];
  const parley = createParley({
    baseUrl: "",
    transport: () =>
      createRouterTransport(({ service }) =>
        service(IdentityService, {
          listUsers: ({ query, pageToken }) => {
            asked.push(`${query} ${pageToken}`);
            const page = Number(pageToken || 1);
            return { users: [{ name: `user ${page}` }], nextPageToken: page < 3 ? String(page + 1) : "" };
          },
        }),
      ),
  });
  return { parley, asked };
}

test("all pages are yielded, with the same other fields", async () => {
  const { parley, asked } = setup();
  const names: string[] = [];
  for await (const { users } of pages(parley.identity.listUsers, { query: "ann" })) {
    names.push(...users.map(({ name }) => name));
  }
  expect(names).toEqual(["user 1", "user 2", "user 3"]);
  expect(asked).toEqual(["ann ", "ann 2", "ann 3"]);
});

test("a page that is not wanted is not asked for", async () => {
  const { parley, asked } = setup();
  for await (const page of pages(parley.identity.listUsers, { pageToken: "2" })) {
    expect(page.users).toHaveLength(1);
    break;
  }
  expect(asked).toEqual([" 2"]);
});
