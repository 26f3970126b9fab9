import { Tooltip, UnstyledButton } from "@mantine/core";
import { IconMoodPlus } from "@tabler/icons-react";
import type { Message } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { EmojiPicker } from "./emoji-picker.tsx";
import { useMessageChanges } from "./use-change.ts";
import classes from "./message.module.css";

/** What people answered a message with, and who. */
export function Reactions({ message }: { message: Message }) {
  const t = useText();
  const { me } = useServices();
  const { react } = useMessageChanges(message);
  return (
    <div className={classes.reactions}>
      {message.reactions.map(({ emoji, parties }) => {
        const mine = parties.some((party) => party.id === me.id);
        const names = parties.map((party) => (party.id === me.id ? t("party.you", { name: party.name }) : party.name)).join(", ");
        return (
          <Tooltip key={emoji} label={names} multiline maw={260}>
            <UnstyledButton className={classes.reaction} data-mine={mine} aria-pressed={mine} aria-label={t("message.reaction", { emoji, names })} onClick={() => react(emoji)}>
              <span aria-hidden>{emoji}</span>
              <span className="numeric">{parties.length}</span>
            </UnstyledButton>
          </Tooltip>
        );
      })}
      <EmojiPicker onPick={react}>
        {(open, toggle) => (
          <UnstyledButton className={classes.reaction} data-add aria-label={t("message.react")} aria-expanded={open} onClick={toggle}><IconMoodPlus size={15} aria-hidden /></UnstyledButton>
        )}
      </EmojiPicker>
    </div>
  );
}
