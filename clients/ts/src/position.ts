import { clone, toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { TopicSchema, type Topic } from "./gen/parley/live/v1/live_service_pb.js";
import { MessageSchema, type Message } from "./gen/parley/thread/v1/thread_pb.js";

/** How many messages a position remembers. */
const REMEMBERED = 512;

/** Where a subscription stands in one topic, and what it has seen there. */
export class Position {
  /** The topic as it is to be asked for next. */
  readonly topic: Topic;
  /** Where a topic that is not a log stands, between polls. */
  pollCursor = "";
  /** Whatever has this revision or an earlier one, and is not remembered, was seen. */
  #floor = 0n;
  readonly #seen = new Map<string, Version>();

  constructor(topic: Topic) {
    this.topic = clone(TopicSchema, topic);
  }

  /** The topic as a poll asks for it. */
  forPoll(): Topic {
    const topic = clone(TopicSchema, this.topic);
    topic.cursor ||= this.pollCursor;
    return topic;
  }

  /** Moves on; an empty cursor says nothing. */
  advance(cursor: string): void {
    if (cursor !== "") this.topic.cursor = cursor;
  }

  /** Begins anew at a cursor, and forgets what was seen: the database may be an older copy. */
  reset(cursor: string): void {
    this.topic.cursor = cursor;
    this.#floor = 0n;
    this.#seen.clear();
  }

  /** True if this state of the message is newer than what was seen of it; then it is remembered. */
  isNew(message: Message): boolean {
    const version = versionOf(message);
    const known = this.#seen.get(message.id);
    const isNew = known ? isLater(version, known) : version.rev === 0n || version.rev > this.#floor;
    if (!isNew) return false;
    this.#seen.delete(message.id); // so that it becomes the newest
    this.#seen.set(message.id, version);
    for (const [id, { rev }] of this.#seen) {
      if (this.#seen.size <= REMEMBERED) break;
      this.#seen.delete(id);
      if (rev > this.#floor) this.#floor = rev;
    }
    return true;
  }
}

/** A state of a message: by its revision or, for those who are told none, by its times and content. */
interface Version {
  rev: bigint;
  time: number;
  content: number;
}

function versionOf(message: Message): Version {
  if (message.rev > 0n) return { rev: message.rev, time: 0, content: 0 };
  const times = [message.createTime, message.editTime, message.deleteTime].map((time) => (time ? timestampMs(time) : 0));
  return { rev: 0n, time: Math.max(...times), content: hash(toBinary(MessageSchema, message)) };
}

function isLater(version: Version, known: Version): boolean {
  if (version.rev !== known.rev) return version.rev > known.rev;
  return version.time > known.time || (version.time === known.time && version.content !== known.content);
}

/** FNV-1a: tells two states of one message apart, nothing more. */
function hash(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 0x01000193), 0x811c9dc5);
}
