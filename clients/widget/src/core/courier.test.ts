import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Client } from "../rpc/client.ts";
import { Random, seeds } from "../testing/random.ts";
import { FakeServer } from "../testing/server.ts";
import { Courier } from "./courier.ts";
import { Store } from "./store.ts";
import * as talks from "./talk.ts";
import { Vault, type Sending } from "./vault.ts";
import { Visit } from "./visit.ts";

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
});

afterEach(() => {
  vi.useRealTimers();
});

/** One page with the widget; another one over the same storage is a reload. */
function page(server: FakeServer): { courier: Courier; store: Store; vault: Vault } {
  const store = new Store();
  const client = new Client("https://chat.example/", server.fetch);
  const vault = new Vault("channel", localStorage);
  const visit = new Visit("channel", client, vault);
  const courier = new Courier(client, store, vault, visit, {
    opened: (chat) => store.talk((talk) => talks.show(talk, chat)),
    lost: () => store.talk((talk) => talks.show(talk, undefined)),
  });
  const chat = server.chats.at(-1);
  if (chat && vault.read().token) store.talk((talk) => talks.page(talks.show(talk, chat), server.handle("ListMessages", { chatId: chat.id ?? "" }), false));
  courier.resume();
  return { courier, store, vault };
}

let count = 0;
function item(body: string): Sending {
  return { requestId: `r${++count}`, body, files: [], time: count, page: "https://shop.example/", referrer: "", email: "" };
}

const bodies = (server: FakeServer): string[] => server.messages.map(({ body }) => body ?? "");

test("the first message begins the visit and opens the chat, the next go into it", async () => {
  const server = new FakeServer();
  const { courier, store } = page(server);
  courier.send(item("one"));
  courier.send(item("two"));
  await vi.runAllTimersAsync();
  expect(server.calls).toEqual(["StartVisit", "OpenChat", "PostMessage"]);
  expect(bodies(server)).toEqual(["one", "two"]);
  expect(store.state.talk.outbox).toEqual([]);
  expect(store.state.talk.messages.map(({ body }) => body)).toEqual(["one", "two"]);
});

// Spec: P1 and P2 on the visitor's side.
test.each(seeds(80))("each message arrives once and in order over a bad network with reloads, seed %i", async (seed) => {
  const random = new Random(seed);
  const server = new FakeServer();
  server.breaks = (moment) => random.chance(moment === "before" ? 30 : 30);
  server.refuse = () => (random.chance(10) ? { status: 503, body: { code: "unavailable" } } : undefined);
  let now = page(server);
  const written: string[] = [];
  for (let step = 0; step < 12; step++) {
    if (random.chance(70)) {
      written.push(String(step));
      now.courier.send(item(String(step)));
    }
    await vi.advanceTimersByTimeAsync(random.below(3_000));
    if (random.chance(20)) now = page(server);
  }
  server.breaks = () => false;
  server.refuse = () => undefined;
  await vi.runAllTimersAsync();
  expect(bodies(server)).toEqual(written);
  expect(server.chats.length).toBeLessThanOrEqual(1);
  expect(now.vault.read().outbox).toEqual([]);
});

test("a message that is refused waits for the visitor and holds nothing up", async () => {
  const server = new FakeServer();
  const { courier, store } = page(server);
  courier.send(item("one"));
  await vi.runAllTimersAsync();
  server.refuse = () => ({ status: 500, body: { code: "internal" } });
  const bad = item("bad");
  courier.send(bad);
  await vi.runAllTimersAsync();
  expect(store.state.talk.outbox[0]?.failed).toBe("internal");
  server.refuse = () => undefined;
  courier.send(item("good"));
  await vi.runAllTimersAsync();
  expect(bodies(server)).toEqual(["one", "good"]);
  courier.retry(bad.requestId);
  await vi.runAllTimersAsync();
  expect(bodies(server)).toEqual(["one", "good", "bad"]);
  expect(store.state.talk.outbox).toEqual([]);
});

test("a message that is discarded is never sent", async () => {
  const server = new FakeServer();
  const { courier, store, vault } = page(server);
  server.refuse = () => ({ status: 400, body: { code: "invalid_argument" } });
  const bad = item("bad");
  courier.send(bad);
  await vi.runAllTimersAsync();
  courier.discard(bad.requestId);
  expect(store.state.talk.outbox).toEqual([]);
  expect(vault.read().outbox).toEqual([]);
});

test("a closed chat keeps the message until it is opened again", async () => {
  const server = new FakeServer();
  const { courier, store } = page(server);
  courier.send(item("one"));
  await vi.runAllTimersAsync();
  const details = [{ type: "google.rpc.ErrorInfo", value: btoa("\n\u000bCHAT_CLOSED") }];
  server.refuse = () => ({ status: 400, body: { code: "failed_precondition", details } });
  courier.send(item("late"));
  await vi.runAllTimersAsync();
  expect(talks.closed(store.state.talk)).toBe(true);
  expect(store.state.talk.outbox[0]?.failed).toBe("CHAT_CLOSED");
  server.refuse = () => undefined;
  courier.retry();
  await vi.runAllTimersAsync();
  expect(bodies(server)).toEqual(["one", "late"]);
});

test("a visit that was ended elsewhere begins anew with what was being sent", async () => {
  const server = new FakeServer();
  const { courier } = page(server);
  courier.send(item("one"));
  await vi.runAllTimersAsync();
  server.refuse = (method) => (method === "PostMessage" ? { status: 401, body: { code: "unauthenticated" } } : undefined);
  courier.send(item("two"));
  await vi.runAllTimersAsync();
  expect(server.visits).toBe(2);
  expect(server.chats).toHaveLength(2);
  expect(bodies(server)).toEqual(["one", "two"]);
});

test("without storage it works as long as the page lives", async () => {
  const server = new FakeServer();
  const client = new Client("https://chat.example/", server.fetch);
  const vault = new Vault("channel", undefined);
  const store = new Store();
  const courier = new Courier(client, store, vault, new Visit("channel", client, vault), { opened: (chat) => store.talk((talk) => talks.show(talk, chat)), lost: () => {} });
  courier.send(item("one"));
  await vi.runAllTimersAsync();
  expect(bodies(server)).toEqual(["one"]);
  expect(vault.shared).toBe(false);
  expect(localStorage).toHaveLength(0);
});
