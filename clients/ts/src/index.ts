/**
 * Talks to a Parley server.
 *
 *     const parley = createParley({ baseUrl: "https://chat.example.com" });
 *     await parley.signIn({ email, password });
 *     await parley.chatter.postMessage({ threadId, body: "Hello" });
 *     parley.subscribe({ topics: [topic.thread(threadId)], onEvent: ({ change }) => ... });
 *
 * Calls that fail for a passing reason are tried again, with the same request id,
 * so that nothing is done twice; a subscription resumes by itself and tells
 * nothing twice. The messages of the contract are under
 * "@parley/client/gen/parley/<area>/v1/...".
 */
export { createParley, type Parley, type ParleyOptions } from "./client.js";
export type { SubscriptionListener } from "./book.js";
export { pause, type Backoff, type Clock } from "./clock.js";
export { explain, isPassing, reason, requestId, type Failure } from "./failure.js";
export { download, upload, type DownloadOptions, type UploadMemory, type UploadOptions } from "./file.js";
export { pages, type ListMethod } from "./pages.js";
export { retry, type RetryOptions } from "./retry.js";
export { subscribe, type SubscribeOptions, type Subscription, type SubscriptionState } from "./subscription.js";
export { threadOf, topic, topicName } from "./topic.js";
export { Code, ConnectError } from "@connectrpc/connect";
export {
  Continuity,
  ResetReason,
  type Event,
  type Topic,
  type TopicClosed,
  type TopicOpened,
} from "./gen/parley/live/v1/live_service_pb.js";
export type { Message, Party, ReadMark, File as StoredFile } from "./gen/parley/thread/v1/thread_pb.js";
