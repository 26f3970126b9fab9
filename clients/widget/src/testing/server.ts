import type { ChatJson, MessageJson } from "../rpc/contract.ts";
import { enclose } from "../rpc/envelope.ts";

/** A chat's server in memory, with one visitor, behind a fetch that can be told to fail. */
export class FakeServer {
  messages: MessageJson[] = [];
  chats: ChatJson[] = [];
  visits = 0;
  calls: string[] = [];
  /** Asked before and after each call took effect; true means the network breaks there. */
  breaks: (moment: "before" | "after", method: string) => boolean = () => false;
  /** Answers instead of the server, if it answers something. */
  refuse: (method: string) => { status: number; body: object } | undefined = () => undefined;
  #byRequest = new Map<string, { chat?: ChatJson; message: MessageJson }>();

  fetch: typeof fetch = (input, options) => this.#answer(String(input), options);

  async #answer(address: string, options: RequestInit | undefined): Promise<Response> {
    const method = address.split("/").at(-1) ?? "";
    this.calls.push(method);
    await Promise.resolve();
    if (this.breaks("before", method)) throw new TypeError("Failed to fetch");
    const refusal = this.refuse(method);
    if (refusal) return Response.json(refusal.body, { status: refusal.status });
    const output = this.handle(method, JSON.parse(String(options?.body)) as Record<string, string>);
    if (this.breaks("after", method)) throw new TypeError("Failed to fetch");
    return Response.json(output);
  }

  handle(method: string, input: Record<string, string>): object {
    switch (method) {
      case "StartVisit":
        return { token: `token-${++this.visits}` };
      case "OpenChat":
        return this.#once(input, () => {
          const chat: ChatJson = { id: `chat-${this.chats.length + 1}`, state: "CHAT_STATE_OPEN" };
          this.chats.push(chat);
          return { chat, message: this.post(chat.id ?? "", input) };
        });
      case "PostMessage":
        return this.#once(input, () => ({ message: this.post(input["chatId"] ?? "", input) }));
      case "ListChats":
        return { chats: this.chats.slice(-1) };
      case "ListMessages":
        return { messages: this.messages.filter(({ threadId }) => threadId === input["chatId"]), cursor: "c" };
      default:
        return {};
    }
  }

  post(threadId: string, { requestId = "", body = "" }: Record<string, string>): MessageJson {
    const seq = String(this.messages.filter((message) => message.threadId === threadId).length + 1);
    const message: MessageJson = {
      id: `m-${threadId}-${seq}`,
      threadId,
      seq,
      kind: "MESSAGE_KIND_COMMENT",
      author: { kind: "PARTY_KIND_VISITOR", id: "v" },
      body,
      requestId,
      createTime: new Date(1_700_000_000_000 + Number(seq) * 1000).toISOString(),
    };
    this.messages.push(message);
    return message;
  }

  #once(input: Record<string, string>, work: () => { chat?: ChatJson; message: MessageJson }): object {
    const id = input["requestId"] ?? "";
    const first = this.#byRequest.get(id) ?? work();
    this.#byRequest.set(id, first);
    return first;
  }
}

/** A response that streams these frames, and ends with the trailer if there is one. */
export function streamed(frames: object[], trailer?: object, cut?: (bytes: Uint8Array) => Uint8Array[]): Response {
  const parts = frames.map((frame) => enclose(frame));
  if (trailer) {
    const last = enclose(trailer);
    last[0] = 2;
    parts.push(last);
  }
  const all = Uint8Array.from(parts.flatMap((part) => [...part]));
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of cut ? cut(all) : [all]) controller.enqueue(piece);
      controller.close();
    },
  });
  return new Response(body, { status: 200 });
}
