import type { Client } from "../rpc/client.ts";
import { asFault } from "../rpc/fault.ts";
import type { Store } from "./store.ts";
import { backoff, rest } from "./time.ts";

/** Asks how the channel looks and whether somebody is there. */
export async function askWidget(client: Client, channelId: string, store: Store): Promise<void> {
  const { widget = {} } = await client.call("visitor.v1.VisitorService/GetWidget", { channelId });
  store.set({ widget });
}

/** Asks until the server has answered; false if it knows no such channel. */
export async function learnWidget(client: Client, channelId: string, store: Store): Promise<boolean> {
  for (let attempt = 0; ; attempt++) {
    try {
      await askWidget(client, channelId, store);
      return true;
    } catch (thrown) {
      const fault = asFault(thrown);
      if (!fault.transient) return false;
      await rest(fault.retryAfter || backoff(attempt));
    }
  }
}
