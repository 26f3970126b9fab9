import { createMemoryHistory } from "@tanstack/react-router";
import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { ChatterService } from "../api/contract.ts";
import { SessionStore } from "../api/session.ts";
import { App } from "../app.tsx";
import { write, written } from "../fixture/field.ts";
import { uuid } from "../fixture/make.ts";
import { startFixture } from "../fixture/server.ts";

const PATIENCE = { timeout: 15_000 };

function open(posted: { internal: boolean; mentionIds: string[] }[] = []) {
  const fixture = startFixture((router) => {
    router.rpc(ChatterService.method.postMessage, (request) => {
      posted.push(request);
      return { message: fixture.say(request.threadId, { body: request.body, internal: request.internal, requestId: request.requestId }) };
    });
  });
  const session = new SessionStore(localStorage);
  session.set("fixture");
  render(<App transport={fixture.transport} session={session} history={createMemoryHistory({ initialEntries: [`/records/lead/${uuid(1_000)}`] })} />);
  return fixture;
}

// Spec: C4, C5a
test("a note that names a contact says who will get it, before it is sent", async () => {
  const posted: { internal: boolean; mentionIds: string[] }[] = [];
  const { world } = open(posted);
  const contact = world.records.find((one) => one.type === "contact");
  await screen.findByRole("textbox", { name: "Message" }, PATIENCE);
  fireEvent.click(screen.getByRole("radio", { name: /Note/u }));
  expect(screen.queryByText(/is outside/u)).toBeNull();
  await write("Write an internal note", `ask @${contact?.title}`);
  fireEvent.click(await screen.findByRole("option", { name: new RegExp(contact?.title ?? "", "u") }, PATIENCE));
  expect(await screen.findByText(`${contact?.title} is outside and will get this note by mail`, {}, PATIENCE)).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "Add note" }));
  await waitFor(() => expect(posted).toMatchObject([{ internal: true, mentionIds: [contact?.id] }]), PATIENCE);
}, 60_000);

// Spec: C5
test("the kind never flips by itself: after a note was sent, one is still writing notes", async () => {
  open();
  await screen.findByRole("textbox", { name: "Message" }, PATIENCE);
  fireEvent.click(screen.getByRole("radio", { name: /Note/u }));
  await write("Write an internal note", "for us");
  fireEvent.click(screen.getByRole("button", { name: "Add note" }));
  await screen.findByText("for us", {}, PATIENCE);
  expect(written("Write an internal note")).toBe("");
  expect(screen.getByRole("radio", { name: /Note/u })).toHaveProperty("checked", true);
}, 60_000);
