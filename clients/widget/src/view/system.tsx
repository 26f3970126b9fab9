import type { VNode } from "preact";
import type { MessageJson } from "../rpc/contract.ts";
import type { Words } from "../words/words.ts";
import { useApp } from "./context.ts";

/** Something that happened to the chat. */
export function SystemLine({ message }: { message: MessageJson }): VNode | null {
  const { words } = useApp();
  const text = sentence(message, words);
  return text ? <p class="line">{text}</p> : null;
}

function sentence({ system }: MessageJson, words: Words): string {
  const name = system?.party?.name || words.team;
  switch (system?.event) {
    case "SYSTEM_EVENT_OPERATOR_JOINED":
      return words.joined(name);
    case "SYSTEM_EVENT_OPERATOR_LEFT":
      return words.left(name);
    case "SYSTEM_EVENT_VISITOR_LEFT":
      return words.youLeft;
    case "SYSTEM_EVENT_CHAT_CLOSED":
      return words.ended;
    case "SYSTEM_EVENT_CHAT_REOPENED":
      return words.reopened;
    case "SYSTEM_EVENT_NO_OPERATOR":
      return words.nobody;
    default:
      return "";
  }
}
