/**
 * What is known of the conversation, and how it changes: plain functions, so
 * that order, resuming and doubles can be tested without a network.
 *
 * A message has one place, its seq, which never changes. What the visitor sent
 * and the server has not confirmed stands below all that has a place, in the
 * order in which it was written.
 */
import type { ChatJson, ListMessagesResponseJson, MessageJson, ReadMarkJson } from "../rpc/contract.ts";
import { NOTHING, type Talk } from "./store.ts";
import type { Sending } from "./vault.ts";

/** A message's place. */
export const seqOf = (message: MessageJson): number => Number(message.seq ?? 0);

/** True for what the visitor wrote. */
export const own = (message: MessageJson): boolean => message.author?.kind === "PARTY_KIND_VISITOR";

/** True if the chat takes no messages. */
export const closed = (talk: Talk): boolean => talk.chat?.state === "CHAT_STATE_CLOSED";

/** True for what a visitor has to be told of. */
const counts = (message: MessageJson): boolean =>
  message.kind === "MESSAGE_KIND_COMMENT" && !own(message) && !message.deleteTime;

/** How many messages the visitor has not read. */
export function unread(talk: Talk): number {
  return talk.messages.filter((message) => counts(message) && seqOf(message) > talk.readSeq).length;
}

/** Seq of the newest message, 0 if there is none. */
export function lastSeq(talk: Talk): number {
  const last = talk.messages.at(-1);
  return last ? seqOf(last) : 0;
}

/** Begins to show a chat; what is being sent stays. */
export function show(talk: Talk, chat: ChatJson | undefined): Talk {
  if (chat && chat.id === talk.chat?.id) return { ...talk, chat, readSeq: Math.max(talk.readSeq, Number(chat.readSeq ?? 0)) };
  return { ...NOTHING, outbox: talk.outbox, chat, readSeq: Number(chat?.readSeq ?? 0) };
}

/** Takes a message as it is now: new, edited, deleted, or known already. */
export function receive(talk: Talk, message: MessageJson): Talk {
  if (!talk.chat || message.threadId !== talk.chat.id) return talk;
  const outbox = without(talk.outbox, message.requestId);
  const typing = talk.typing && talk.typing.id === message.author?.id ? undefined : talk.typing;
  const first = talk.messages[0];
  if (talk.hasBefore && first && seqOf(message) < seqOf(first)) return { ...talk, outbox };
  const next = { ...talk, outbox, typing, messages: placed(talk.messages, message) };
  return own(message) ? read(advanced(next, message), seqOf(message)) : advanced(next, message);
}

/**
 * Takes the messages before the first known, or the newest ones. With the newest
 * the conversation begins anew: what is older may have changed since, and is
 * fetched again when it is looked at.
 */
export function page(talk: Talk, answer: ListMessagesResponseJson, before: boolean): Talk {
  const found = answer.messages ?? [];
  const first = found[0];
  const kept = before ? talk.messages : talk.messages.filter((message) => first && seqOf(message) >= seqOf(first));
  const messages = found.reduce((all, message) => placed(all, message), kept);
  const sent = new Set(found.map((message) => message.requestId));
  const outbox = talk.outbox.filter((sending) => !sent.has(sending.requestId));
  const next: Talk = { ...talk, messages, outbox, hasBefore: answer.hasBefore ?? false };
  if (before) return next;
  const current = found.reduce(advanced, { ...next, cursor: answer.cursor ?? "" });
  return (answer.readMarks ?? []).reduce(marked, current);
}

/** Takes a mark of how far somebody has read. */
export function marked(talk: Talk, mark: ReadMarkJson): Talk {
  const seq = Number(mark.seq ?? 0);
  if (mark.threadId !== talk.chat?.id) return talk;
  if (mark.party?.kind === "PARTY_KIND_VISITOR") return read(talk, seq);
  return { ...talk, othersRead: Math.max(talk.othersRead, seq) };
}

/** Says that the visitor has read up to a message. */
export function read(talk: Talk, seq: number): Talk {
  return seq > talk.readSeq ? { ...talk, readSeq: seq } : talk;
}

/** Says that a message waits to be sent, or changed what is known of it. */
export function sending(talk: Talk, item: Sending): Talk {
  if (talk.messages.some((message) => message.requestId === item.requestId)) return talk;
  const known = talk.outbox.some((other) => other.requestId === item.requestId);
  const outbox = known
    ? talk.outbox.map((other) => (other.requestId === item.requestId ? item : other))
    : [...talk.outbox, item];
  return { ...talk, outbox };
}

/** Forgets a message that waited. */
export function dropped(talk: Talk, requestId: string): Talk {
  return { ...talk, outbox: without(talk.outbox, requestId) };
}

function without(outbox: readonly Sending[], requestId: string | undefined): readonly Sending[] {
  return requestId && outbox.some((item) => item.requestId === requestId)
    ? outbox.filter((item) => item.requestId !== requestId)
    : outbox;
}

/** The messages with one more, or with a newer version of one of them. */
function placed(messages: readonly MessageJson[], message: MessageJson): readonly MessageJson[] {
  const seq = seqOf(message);
  let at = messages.length;
  while (at > 0 && seqOf(messages[at - 1] as MessageJson) > seq) at--;
  const known = messages[at - 1];
  if (known && seqOf(known) === seq) {
    return changed(known) > changed(message) ? messages : messages.with(at - 1, message);
  }
  return [...messages.slice(0, at), message, ...messages.slice(at)];
}

/** When a message got to be as it is. */
function changed(message: MessageJson): number {
  return Date.parse(message.deleteTime ?? message.editTime ?? message.createTime ?? "") || 0;
}

/** Lets a new message change where the chat stands; one that was counted does not. */
function advanced(talk: Talk, message: MessageJson): Talk {
  const { chat } = talk;
  if (!chat || seqOf(message) <= Number(chat.lastSeq ?? 0)) return talk;
  const next: ChatJson = { ...chat, lastSeq: String(seqOf(message)) };
  switch (message.system?.event) {
    case "SYSTEM_EVENT_OPERATOR_JOINED":
      if (message.system.party) next.operator = message.system.party;
      break;
    case "SYSTEM_EVENT_OPERATOR_LEFT":
      delete next.operator;
      break;
    case "SYSTEM_EVENT_CHAT_CLOSED":
      next.state = "CHAT_STATE_CLOSED";
      break;
    case "SYSTEM_EVENT_CHAT_REOPENED":
      next.state = "CHAT_STATE_OPEN";
      break;
    default:
  }
  return { ...talk, chat: next };
}
