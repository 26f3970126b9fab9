import { createMemoryHistory } from "@tanstack/react-router";
import { fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { SessionStore } from "../api/session.ts";
import { App } from "../app.tsx";
import { uuid } from "../fixture/make.ts";
import { startFixture } from "../fixture/server.ts";

// Spec: C9

const PATIENCE = { timeout: 12_000 };

test("an activity is scheduled on a record, shown with its state in a word, and gone when it is done", async () => {
  const fixture = startFixture();
  const session = new SessionStore(localStorage);
  session.set("fixture");
  render(<App transport={fixture.transport} session={session} history={createMemoryHistory({ initialEntries: [`/records/lead/${uuid(1_000)}`] })} />);
  const panel = await screen.findByRole("region", { name: "Planned activities" }, PATIENCE);
  expect(await within(panel).findByText("Nothing is planned.", {}, PATIENCE)).toBeTruthy();
  fireEvent.click(within(panel).getByRole("button", { name: "Schedule activity" }));
  const form = await screen.findByRole("dialog", {}, PATIENCE);
  fireEvent.change(await within(form).findByLabelText("Summary", {}, PATIENCE), { target: { value: "Ring the gardener" } });
  fireEvent.click(within(form).getByRole("button", { name: "Schedule activity" }));
  expect(await within(panel).findByText("Ring the gardener", {}, PATIENCE)).toBeTruthy();
  expect(panel.textContent).toContain("Planned: ");
  fireEvent.click(within(panel).getByRole("button", { name: "Done" }));
  const done = await screen.findByRole("dialog", {}, PATIENCE);
  fireEvent.click(within(done).getByRole("button", { name: "Done" }));
  await waitFor(() => expect(within(panel).queryByText("Ring the gardener")).toBeNull(), PATIENCE);
}, 40_000);
