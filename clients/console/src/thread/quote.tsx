import { UnstyledButton } from "@mantine/core";
import { IconCornerUpLeft, IconX } from "@tabler/icons-react";
import { useText } from "../intl/intl.tsx";
import { IconButton } from "../ui/header.tsx";
import { TextFormat, type MessageReference } from "../api/contract.ts";
import type { Answered } from "./drafts.ts";
import { plainText } from "./body.tsx";
import { useThreadPlace } from "./place.ts";
import classes from "./quote.module.css";

/** The message that another one answers, to jump to. */
export function Quote({ to }: { to: MessageReference }) {
  const t = useText();
  const { reveal } = useThreadPlace();
  const name = to.author?.name ?? "";
  return (
    <UnstyledButton className={classes.quote} onClick={() => reveal(to.seq)} aria-label={t("message.jump", { name })}>
      <IconCornerUpLeft size={13} aria-hidden className="flip" />
      <span className={classes.name}>{name}</span>
      <span className={classes.excerpt}>{bare(to.excerpt)}</span>
    </UnstyledButton>
  );
}

/** A beginning of a text without its form, whatever form it has. */
function bare(excerpt: string): string {
  return plainText(excerpt, /\*\*|~~|`|\]\(|^[#>]/u.test(excerpt) ? TextFormat.MARKDOWN : TextFormat.PLAIN);
}

/** In the composer: what is being answered. */
export function Answering({ to, onDrop }: { to: Answered; onDrop: () => void }) {
  const t = useText();
  return (
    <div className={classes.answering}>
      <IconCornerUpLeft size={14} aria-hidden className="flip" />
      <span className={classes.name}>{to.name ? t("composer.answering", { name: to.name }) : t("composer.answeringOne")}</span>
      <span className={classes.excerpt}>{to.excerpt}</span>
      <IconButton size="sm" label={t("composer.dropAnswer")} onClick={onDrop}><IconX size={14} /></IconButton>
    </div>
  );
}
