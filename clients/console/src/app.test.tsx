import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { createMemoryHistory } from "@tanstack/react-router";
import { fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { ChatterService, Role } from "./api/contract.ts";
import { SessionStore } from "./api/session.ts";
import { App } from "./app.tsx";
import { write, written } from "./fixture/field.ts";
import { partyOf, uuid } from "./fixture/make.ts";
import { startFixture } from "./fixture/server.ts";
import type { World } from "./fixture/world.ts";

const PATIENCE = { timeout: 8_000 };

/** The whole console on a server in memory. */
function open(path: string, options: { signedIn?: boolean; routes?: (router: ConnectRouter, world: World) => void; prepare?: (world: World) => void } = {}) {
  const fixture = startFixture(options.routes);
  options.prepare?.(fixture.world);
  const session = new SessionStore(localStorage);
  if (options.signedIn !== false) session.set("fixture");
  const history = createMemoryHistory({ initialEntries: [path] });
  render(<App transport={fixture.transport} session={session} history={history} />);
  return { ...fixture, session, history };
}

test("who is not signed in comes to the door, and from there to where they wanted", async () => {
  const { history } = open("/records/lead", { signedIn: false });
  fireEvent.change(await screen.findByLabelText("E-mail", {}, PATIENCE), { target: { value: "mia@northwind.example" } });
  fireEvent.change(screen.getByLabelText("Password"), { target: { value: "wrong" } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByText("E-mail address or password do not match.", {}, PATIENCE)).toBeTruthy();
  fireEvent.change(screen.getByLabelText("Password"), { target: { value: "parley-demo" } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  await screen.findByText("64 records", {}, PATIENCE);
  expect(history.location.pathname).toBe("/records/lead");
}, 20_000);

test("an inbox item opens with its conversation and goes when it is done", async () => {
  const { world } = open("/inbox");
  const list = await screen.findByRole("list", { name: "Inbox" }, PATIENCE);
  const before = (await within(list).findAllByRole("listitem", {}, PATIENCE)).length;
  fireEvent.keyDown(document.body, { key: "j" });
  expect(await screen.findByText("Offer as discussed.", { selector: "div" }, PATIENCE)).toBeTruthy();
  fireEvent.keyDown(document.body, { key: "e" });
  await waitFor(() => expect(within(list).getAllByRole("listitem")).toHaveLength(before - 1), PATIENCE);
  await waitFor(() => expect(world.inbox.filter((item) => !item.read)).toHaveLength(before - 1), PATIENCE);
}, 20_000);

test("a message is sent, and what a colleague answers appears", async () => {
  const { say, world } = open(`/records/lead/${uuid(1_000)}`);
  const input = await screen.findByRole("textbox", { name: "Message" }, PATIENCE);
  fireEvent.change(input, { target: { value: "How about Friday?" } });
  fireEvent.keyDown(input, { key: "Enter" });
  expect(await screen.findByText("How about Friday?", {}, PATIENCE)).toBeTruthy();
  expect(input).toHaveProperty("value", "");
  const [, jonas = world.me] = world.users;
  say(uuid(1_000), { author: partyOf(jonas), body: "Friday is fine." });
  expect(await screen.findByText("Friday is fine.", {}, PATIENCE)).toBeTruthy();
}, 20_000);

test("a note keeps its own draft and says that it is internal", async () => {
  open(`/records/lead/${uuid(1_000)}`);
  await write("Message", "for the customer");
  fireEvent.click(screen.getByRole("radio", { name: /Note/u }));
  expect(screen.getByText("Only colleagues read this")).toBeTruthy();
  expect(written("Write an internal note")).toBe("");
  fireEvent.click(screen.getByRole("radio", { name: "Message" }));
  expect(written("Message")).toBe("for the customer");
}, 20_000);

test("a chat that nobody has can be taken, and is then mine", async () => {
  const { world } = open(`/chats/${uuid(2_003)}?view=unassigned`);
  fireEvent.click(await screen.findByRole("button", { name: "Take chat" }, PATIENCE));
  await waitFor(() => expect(world.chats.find((chat) => chat.id === uuid(2_003))?.operator?.id).toBe(world.me.id), PATIENCE);
  expect(await screen.findByRole("button", { name: "Close chat" }, PATIENCE)).toBeTruthy();
}, 20_000);

test("an empty inbox says so in one sentence", async () => {
  open("/inbox", { prepare: (world) => void (world.inbox = []) });
  expect(await screen.findByText("All caught up.", {}, PATIENCE)).toBeTruthy();
}, 20_000);

test("a failure says what happened, offers another try, and names the request", async () => {
  let broken = true;
  const listInbox = () => {
    if (broken) throw new ConnectError("secret detail", Code.Internal, { "x-request-id": "01932f7e-77aa" });
    return { items: [] };
  };
  open("/inbox", { routes: ({ rpc }) => void rpc(ChatterService.method.listInbox, listInbox) });
  expect(await screen.findByText("Something went wrong on the server.", {}, PATIENCE)).toBeTruthy();
  expect(screen.getByRole("button", { name: "Copy request id 01932f7e" })).toBeTruthy();
  broken = false;
  fireEvent.click(screen.getByRole("button", { name: "Retry" }));
  expect(await screen.findByText("All caught up.", {}, PATIENCE)).toBeTruthy();
}, 20_000);

test("who answers no chats is told what they would need", async () => {
  open("/chats", { prepare: (world) => void (world.me = { ...world.me, role: Role.MEMBER }) });
  expect(await screen.findByText(/Live chats are answered by agents/u, {}, PATIENCE)).toBeTruthy();
  expect(screen.queryByRole("link", { name: /Chats/u })).toBeNull();
}, 20_000);

test("signing out forgets what was loaded", async () => {
  const { session } = open("/inbox");
  await screen.findByRole("list", { name: "Inbox" }, PATIENCE);
  session.set(null);
  expect(await screen.findByLabelText("Password", {}, PATIENCE)).toBeTruthy();
  expect(screen.queryByText("Offer as discussed.")).toBeNull();
}, 20_000);

test("a row that is clicked while the search settles opens", async () => {
  const { history } = open("/records/lead");
  const [row = document.body] = await screen.findAllByRole("link", { name: /Hotel Aurora/u }, PATIENCE);
  fireEvent.change(screen.getByRole("textbox", { name: "Search titles" }), { target: { value: "aurora" } });
  fireEvent.click(row);
  expect(await screen.findByRole("textbox", { name: "Message" }, PATIENCE)).toBeTruthy();
  expect(history.location.pathname).toMatch(/^\/records\/lead\/.+/u);
}, 20_000);

test("the palette closes by Escape, and begins with what was found first", async () => {
  open("/inbox");
  await screen.findByRole("list", { name: "Inbox" }, PATIENCE);
  fireEvent.keyDown(document.body, { key: "/" });
  const input = await screen.findByPlaceholderText(/Find records/u, {}, PATIENCE);
  fireEvent.change(input, { target: { value: "au" } });
  await waitFor(() => expect(document.querySelector("[data-selected]")?.textContent).toContain("Aurora"), PATIENCE);
  fireEvent.keyDown(input, { key: "Escape", code: "Escape" });
  await waitFor(() => expect(screen.queryByPlaceholderText(/Find records/u)).toBeNull(), PATIENCE);
}, 20_000);
