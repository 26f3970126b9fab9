import { TextInput, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { useText } from "../intl/intl.tsx";
import { EMOJI, findEmoji } from "./emoji-list.ts";
import classes from "./emoji.module.css";

/** All emoji there are, to look through. */
export default function EmojiGrid({ onPick }: { onPick: (emoji: string) => void }) {
  const t = useText();
  const [query, setQuery] = useState("");
  const found = query.trim() === "" ? EMOJI.map(([emoji, names]) => ({ emoji, name: names.split(" ")[0] ?? "" })) : findEmoji(query.trim().replace(/^:/u, ""), 60);
  return (
    <div className={classes.picker}>
      <TextInput
        size="xs"
        data-autofocus
        value={query}
        placeholder={t("emoji.search")}
        aria-label={t("emoji.search")}
        onChange={(event) => setQuery(event.currentTarget.value)}
        onKeyDown={(event) => {
          const first = found[0];
          if (event.key === "Enter" && first) onPick(first.emoji);
        }}
      />
      <div className={classes.grid}>
        {found.map(({ emoji, name }) => (
          <UnstyledButton key={emoji} className={classes.emoji} title={`:${name}`} aria-label={name.replaceAll("_", " ")} onClick={() => onPick(emoji)}>
            {emoji}
          </UnstyledButton>
        ))}
      </div>
    </div>
  );
}
