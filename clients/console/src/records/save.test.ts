import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { RecordService } from "../api/contract.ts";
import { record } from "../fixture/make.ts";
import { isSame, saveField } from "./save.ts";

/** google.rpc.ErrorInfo with only a reason. */
function errorInfo(reason: string): Uint8Array {
  const text = new TextEncoder().encode(reason);
  return Uint8Array.from([0x0a, text.length, ...text]);
}

/** A record on a server in memory, whose etag counts its changes. */
function setup() {
  let stored = record({ id: "r", etag: "1", fields: { stage: "new", title: "Oak" } });
  const change = (fields: object): void => {
    stored = { ...stored, fields: { ...stored.fields, ...fields }, etag: String(Number(stored.etag) + 1) };
  };
  const transport = createRouterTransport(({ service }) => {
    service(RecordService, {
      getRecord: () => ({ record: stored }),
      updateRecord: ({ record: wish }) => {
        if (wish?.etag !== stored.etag) {
          const error = new ConnectError("changed", Code.Aborted);
          error.details.push({ type: "google.rpc.ErrorInfo", value: errorInfo("ETAG_MISMATCH") });
          throw error;
        }
        change(wish.fields ?? {});
        return { record: stored };
      },
    });
  });
  return { client: createClient(RecordService, transport), seen: stored, change, stored: () => stored };
}

test("a field is saved", async () => {
  const { client, seen } = setup();
  const saved = await saveField(client, seen, "stage", "new", "won");
  expect(saved).toMatchObject({ record: { fields: { stage: "won", title: "Oak" } } });
});

test("somebody's change of another field is kept, and ours goes on top", async () => {
  const { client, seen, change, stored } = setup();
  change({ title: "Old oak" });
  const saved = await saveField(client, seen, "stage", "new", "won");
  expect(saved.conflict).toBeUndefined();
  expect(stored().fields).toEqual({ stage: "won", title: "Old oak" });
});

test("somebody's change of the same field is shown, and nothing is overwritten", async () => {
  const { client, seen, change, stored } = setup();
  change({ stage: "lost" });
  const saved = await saveField(client, seen, "stage", "new", "won");
  expect(saved.conflict).toMatchObject({ mine: "won", theirs: "lost" });
  expect(stored().fields).toMatchObject({ stage: "lost" });
});

test("nothing, null and empty text are the same; the order of keys does not count", () => {
  expect(isSame(undefined, "")).toBe(true);
  expect(isSame({ amount: "1", currency: "EUR" }, { currency: "EUR", amount: "1" })).toBe(true);
  expect(isSame(["a", "b"], ["b", "a"])).toBe(false);
  expect(isSame(false, undefined)).toBe(false);
});
