import { SystemEvent, type Message } from "../api/contract.ts";
import type { TextId, TextValues } from "../intl/intl.tsx";

const EVENTS: Partial<Record<SystemEvent, TextId>> = {
  [SystemEvent.RECORD_CREATED]: "system.created",
  [SystemEvent.CHAT_OPENED]: "system.opened",
  [SystemEvent.OPERATOR_JOINED]: "system.joined",
  [SystemEvent.OPERATOR_LEFT]: "system.left",
  [SystemEvent.VISITOR_LEFT]: "system.visitorLeft",
  [SystemEvent.CHAT_CLOSED]: "system.closed",
  [SystemEvent.CHAT_REOPENED]: "system.reopened",
  [SystemEvent.NO_OPERATOR]: "system.nobody",
};

/** What a system line says. */
export function systemText(t: (id: TextId, values?: TextValues) => string, message: Message): string {
  const text = EVENTS[message.system?.event ?? SystemEvent.UNSPECIFIED];
  const name = message.system?.party?.name || message.author?.name || t("party.system");
  return text ? t(text, { name }) : message.body;
}
