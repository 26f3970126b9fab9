import { TextFormat } from "../api/contract.ts";
import { isBlank, mentionedIds, type Draft } from "./drafts.ts";
import { toDoc } from "./markdown/doc.ts";
import { writeDoc } from "./markdown/write.ts";

/** What a draft becomes when it is sent. */
export interface Outgoing {
  body: string;
  format: TextFormat;
  subject: string;
  mentionIds: string[];
  replyToId: string;
  recipientIds: string[];
  exceptIds: string[];
}

/**
 * Makes a message of a draft. Text without any form goes as it stands; the rest is
 * Markdown. `exact` is the text as it was typed, if that is known and has no form.
 */
export function outgoing(draft: Draft, rich: boolean, exact?: string): Outgoing {
  const body = (exact ?? draft.body).trim();
  return {
    ...(rich && exact === undefined ? formed(body, draft.mentions) : { body, format: TextFormat.PLAIN }),
    subject: (draft.subject ?? "").trim(),
    mentionIds: mentionedIds(draft),
    replyToId: draft.replyTo?.id ?? "",
    recipientIds: Object.keys(draft.added ?? {}),
    exceptIds: draft.except ?? [],
  };
}

function formed(body: string, mentions: Record<string, string>): { body: string; format: TextFormat } {
  const { plain } = writeDoc(toDoc(body, mentions));
  if (plain === undefined) return { body, format: TextFormat.MARKDOWN };
  const escapes = /\\[!-/:-@[-`{-~]|&#?\w+;/u.test(body);
  return { body: escapes ? plain : body.replace(/ +$/gmu, ""), format: TextFormat.PLAIN };
}

/** The placeholders of a template that are still in the text as they were. */
export function leftOpen(draft: Draft): string[] {
  const text = `${draft.subject ?? ""}\n${draft.body.replace(/\\(?=[!-/:-@[-`{-~])/gu, "")}`;
  return (draft.unresolved ?? []).filter((placeholder) => text.includes(placeholder));
}

/** Whether there is something to send. */
export function isSendable(draft: Draft, files: number): boolean {
  const text = !isBlank({ ...draft, subject: "" });
  return (text || files > 0) && leftOpen(draft).length === 0;
}
