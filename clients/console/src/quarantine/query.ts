import { QuarantineReason } from "../api/contract.ts";
import type { TextId } from "../intl/intl.tsx";

/** How many mails are read at a time. */
export const QUARANTINE_PAGE = 50;

/** What a reason is called. */
export const REASONS: Readonly<Partial<Record<QuarantineReason, TextId>>> = {
  [QuarantineReason.UNKNOWN_ADDRESS]: "quarantine.unknownAddress",
  [QuarantineReason.AUTOMATIC]: "quarantine.automatic",
  [QuarantineReason.LOOP]: "quarantine.loop",
  [QuarantineReason.SENDER_UNKNOWN]: "quarantine.senderUnknown",
  [QuarantineReason.OWN_ADDRESS]: "quarantine.ownAddress",
  [QuarantineReason.BAD_REPLY]: "quarantine.badReply",
  [QuarantineReason.RECORD_REFUSED]: "quarantine.recordRefused",
  [QuarantineReason.UNKNOWN_BOUNCE]: "quarantine.unknownBounce",
};

/** The text for a reason, also for one that is newer than this console. */
export function reasonText(reason: QuarantineReason): TextId {
  return REASONS[reason] ?? "quarantine.otherReason";
}
