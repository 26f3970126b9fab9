import { Badge } from "@mantine/core";
import { TemplateState } from "../api/contract.ts";
import { useText, type TextId } from "../intl/intl.tsx";

const STATES: Partial<Record<TemplateState, { text: TextId; color: string }>> = {
  [TemplateState.APPROVED]: { text: "whatsapp.approved", color: "green" },
  [TemplateState.PENDING]: { text: "whatsapp.pending", color: "amber" },
  [TemplateState.REJECTED]: { text: "whatsapp.rejected", color: "red" },
  [TemplateState.PAUSED]: { text: "whatsapp.paused", color: "amber" },
  [TemplateState.DISABLED]: { text: "whatsapp.disabled", color: "red" },
  [TemplateState.DELETED]: { text: "whatsapp.deleted", color: "gray" },
};

/** What a template's state is called. */
export function StateBadge({ state }: { state: TemplateState }) {
  const t = useText();
  const known = STATES[state] ?? { text: "whatsapp.other" as const, color: "gray" };
  return <Badge color={known.color}>{t(known.text)}</Badge>;
}
