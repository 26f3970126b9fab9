// Run with: npm run quickstart --workspace clients/ts
// It takes PARLEY_URL, PARLEY_EMAIL and PARLEY_PASSWORD from the environment.
import { createParley, topic } from "@parley/client";

const env = process.env;
const parley = createParley({ baseUrl: env["PARLEY_URL"] ?? "http://localhost:8080" });
await parley.signIn({ email: env["PARLEY_EMAIL"] ?? "", password: env["PARLEY_PASSWORD"] ?? "" });

const { record } = await parley.records.createRecord({
  record: { type: "lead", fields: { title: "A garden for Ms Ito" } },
});
const threadId = record?.id ?? "";
const { cursor } = await parley.chatter.listMessages({ threadId });

// From the cursor on, every change is told once, over lost connections and restarts.
const subscription = parley.subscribe({
  topics: [topic.thread(threadId, cursor)],
  onEvent: ({ change }) => {
    if (change.case !== "message") return;
    process.stdout.write(`${change.value.author?.name}: ${change.value.body}\n`);
    subscription.close();
  },
  signal: AbortSignal.timeout(30_000),
});

await parley.chatter.postMessage({ threadId, body: "Hello from TypeScript" });
await subscription.done;
await parley.signOut();
