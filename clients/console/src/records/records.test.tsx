import { Code, ConnectError } from "@connectrpc/connect";
import { createMemoryHistory } from "@tanstack/react-router";
import { fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { RecordService } from "../api/contract.ts";
import { SessionStore } from "../api/session.ts";
import { App } from "../app.tsx";
import { uuid } from "../fixture/make.ts";
import { startFixture } from "../fixture/server.ts";

const PATIENCE = { timeout: 12_000 };

// Nothing can be focused where nothing is laid out: a popover complains of that at length.
beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => undefined));

/** The whole console on a server in memory. */
function open(path: string, routes?: Parameters<typeof startFixture>[0]) {
  const fixture = startFixture(routes);
  const session = new SessionStore(localStorage);
  session.set("fixture");
  const history = createMemoryHistory({ initialEntries: [path] });
  render(<App transport={fixture.transport} session={session} history={history} />);
  return { ...fixture, history };
}

const q = (cel: string): string => `?q=${encodeURIComponent(cel)}`;

// Spec: R3
test("a list is what its address says, and the builder shows it as rules", async () => {
  open(`/records/lead${q('record.stage == "won"')}`);
  expect(await screen.findByText("13 records", {}, PATIENCE)).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "1 condition" }));
  expect(await screen.findByText("13 match", {}, PATIENCE)).toBeTruthy();
  expect(screen.getByRole("combobox", { name: "Value", hidden: true })).toHaveProperty("value", "Won");
}, 40_000);

test("a condition that rules cannot show stays text, and what is wrong with it is said", async () => {
  open(`/records/lead${q('record.title.matches("x")')}`);
  fireEvent.click(await screen.findByRole("button", { name: "1 condition" }, PATIENCE));
  const input = await screen.findByRole("textbox", { name: "Expression" }, PATIENCE);
  expect(screen.getByRole("radio", { name: "Conditions", hidden: true })).toHaveProperty("disabled", true);
  fireEvent.change(input, { target: { value: "record.nothing == 1" } });
  expect(await screen.findByText('There is no field "nothing"', {}, PATIENCE)).toBeTruthy();
  expect(screen.getByRole("button", { name: "Apply", hidden: true })).toHaveProperty("disabled", true);
}, 40_000);

test("a board has a column for each option, with its number", async () => {
  open("/records/lead?view=board");
  const column = await screen.findByRole("region", { name: "Proposal" }, PATIENCE);
  expect(await within(column).findByText("13", {}, PATIENCE)).toBeTruthy();
  expect((await within(column).findAllByRole("link", {}, PATIENCE)).length).toBeGreaterThan(0);
}, 40_000);

test("several records are changed at once, and what the server refuses is said", async () => {
  const updateRecords = ({ recordIds }: { recordIds: string[] }) => ({
    results: recordIds.map((recordId) => ({ recordId, failure: { reason: "RECORD_DENIED", message: "you may not do this" } })),
  });
  open("/records/lead", ({ rpc }) => void rpc(RecordService.method.updateRecords, updateRecords));
  const [first = document.body, second = document.body] = await screen.findAllByRole("checkbox", { name: /^Select Garden|^Select Sun/u }, PATIENCE);
  fireEvent.click(first);
  fireEvent.click(second);
  expect(screen.getByText("2 selected")).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "Change field" }));
  fireEvent.click(await screen.findByRole("checkbox", { name: "Leave it empty", hidden: true }, PATIENCE));
  fireEvent.click(await screen.findByRole("button", { name: "Empty it in 2 records", hidden: true }, PATIENCE));
  expect(await screen.findByText("2 records were left as they were", {}, PATIENCE)).toBeTruthy();
}, 40_000);

// Spec: R5
test("an untracked change by somebody else is in the form at once", async () => {
  const { world, hub } = open(`/records/lead/${uuid(1_000)}`);
  const field = await screen.findByRole("textbox", { name: "Probability" }, PATIENCE);
  await waitFor(() => expect(hub.topics()).toContain(uuid(1_000)), PATIENCE);
  world.records = world.records.map((one) => (one.id === uuid(1_000) ? { ...one, etag: "9", fields: { ...one.fields, probability: 87 } } : one));
  hub.tell(uuid(1_000), { frame: { case: "event", value: { change: { case: "record", value: { type: "lead", recordId: uuid(1_000), etag: "9" } } } } });
  await waitFor(() => expect(field).toHaveProperty("value", "87"), PATIENCE);
}, 40_000);

test("a list follows what others do with its records", async () => {
  const { world, hub } = open("/records/ticket");
  await screen.findByText("No records", {}, PATIENCE).catch(() => undefined);
  await waitFor(() => expect(hub.topics()).toContain("records ticket"), PATIENCE);
  const [some] = world.records;
  if (!some) throw new Error("the example has records");
  world.records = [{ ...some, id: uuid(7_777), type: "ticket", title: "Came just now", fields: { subject: "Came just now" }, display: {} }, ...world.records];
  hub.tell("records ticket", { frame: { case: "event", value: { change: { case: "record", value: { type: "ticket", recordId: uuid(7_777) } } } } });
  expect(await screen.findByRole("link", { name: "Came just now" }, PATIENCE)).toBeTruthy();
}, 40_000);

test("a record that somebody deletes says so", async () => {
  let gone = false;
  const { hub } = open(`/records/lead/${uuid(1_000)}`, ({ rpc }, world) =>
    void rpc(RecordService.method.getRecord, () => {
      if (gone) throw new ConnectError("there is no such record", Code.NotFound);
      return { record: world.records.find((one) => one.id === uuid(1_000)) };
    }),
  );
  await screen.findByRole("textbox", { name: "Probability" }, PATIENCE);
  await waitFor(() => expect(hub.topics()).toContain(uuid(1_000)), PATIENCE);
  gone = true;
  hub.tell(uuid(1_000), { frame: { case: "event", value: { change: { case: "record", value: { type: "lead", recordId: uuid(1_000), deleted: true } } } } });
  expect(await screen.findByText("This record was deleted.", {}, PATIENCE)).toBeTruthy();
}, 40_000);
