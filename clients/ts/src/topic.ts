import { create } from "@bufbuild/protobuf";
import { TopicSchema, type Event, type Topic } from "./gen/parley/live/v1/live_service_pb.js";

/** Makes what a subscription can be about. */
export const topic = {
  /**
   * A thread: its messages, read marks and typing, from a cursor on, as answered
   * by listMessages or told by an earlier subscription. Without one: from now on.
   */
  thread: (threadId: string, cursor = ""): Topic =>
    create(TopicSchema, { kind: { case: "threadId", value: threadId }, cursor }),
  /** The caller's own inbox. */
  inbox: (): Topic => create(TopicSchema, { kind: { case: "inbox", value: {} } }),
  /** The chats of all channels that the caller may see. */
  chats: (): Topic => create(TopicSchema, { kind: { case: "chats", value: {} } }),
  /** The presence of the workspace's users. */
  presence: (): Topic => create(TopicSchema, { kind: { case: "presence", value: {} } }),
  /** The records of a type. */
  records: (type: string): Topic => create(TopicSchema, { kind: { case: "records", value: { type } } }),
};

/** Names a topic: two topics with the same name are the same, whatever their cursors. */
export function topicName({ kind }: Topic): string {
  if (kind.case === "threadId") return `thread ${kind.value}`;
  return kind.case === "records" ? `records ${kind.value.type}` : (kind.case ?? "");
}

/** The thread that an event belongs to, or undefined for one of another topic. */
export function threadOf({ change }: Event): string | undefined {
  switch (change.case) {
    case "message":
    case "readMark":
    case "typing":
      return change.value.threadId;
    default:
      return undefined;
  }
}
