import { Button } from "@mantine/core";
import { IconAt, IconLetterCase, IconMoodSmile, IconPaperclip, IconSend2 } from "@tabler/icons-react";
import { useRef } from "react";
import { useText } from "../intl/intl.tsx";
import { usePreferences } from "../preferences.ts";
import { IconButton } from "../ui/header.tsx";
import { EmojiPicker } from "./emoji-picker.tsx";
import { useThreadInfo, useThreadPlace } from "./place.ts";
import { ScheduleMenu } from "./schedule-menu.tsx";
import { TemplateMenu } from "./template-menu.tsx";
import type { ComposerState } from "./use-composer.ts";
import classes from "./composer.module.css";

interface ComposerToolsProps {
  composer: ComposerState;
  canMention: boolean;
  formatting: boolean;
  /** Shows or hides the means of form; undefined where text has none. */
  onFormatting?: (formatting: boolean) => void;
}

/** What one can do below the text, and the button that sends it. */
export function ComposerTools({ composer, canMention, formatting, onFormatting }: ComposerToolsProps) {
  const t = useText();
  const [{ sendWith }] = usePreferences();
  const { rich } = useThreadPlace();
  const thread = useThreadInfo();
  const picker = useRef<HTMLInputElement>(null);
  const note = composer.mode === "note";
  return (
    <div className={classes.tools}>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          composer.addFiles(event.currentTarget.files ?? []);
          event.currentTarget.value = "";
        }}
      />
      <IconButton label={t("composer.attach")} onClick={() => picker.current?.click()}><IconPaperclip size={18} stroke={1.7} /></IconButton>
      {canMention && <IconButton label={t("composer.mention")} onClick={() => composer.field()?.insert("@")}><IconAt size={18} stroke={1.7} /></IconButton>}
      <EmojiPicker onPick={(emoji) => composer.field()?.insert(emoji)}>
        {(open, toggle) => <IconButton label={t("composer.emoji")} quiet={open} aria-expanded={open} onClick={toggle}><IconMoodSmile size={18} stroke={1.7} /></IconButton>}
      </EmojiPicker>
      {onFormatting && !composer.expanded && (
        <IconButton label={t("format.label")} aria-pressed={formatting} data-on={formatting} onClick={() => onFormatting(!formatting)}><IconLetterCase size={18} stroke={1.7} /></IconButton>
      )}
      {rich && <TemplateMenu composer={composer} recordType={thread?.recordType ?? ""} />}
      <span className={classes.hint}>{sendWith === "enter" ? t("composer.enterHint") : t("composer.modHint")}</span>
      <span className={classes.send}>
        <Button color={note ? "amber" : undefined} disabled={!composer.canSend} onClick={composer.send} rightSection={<IconSend2 size={15} className="flip" />}>
          {note ? t("composer.addNote") : t("composer.send")}
        </Button>
        {rich && <ScheduleMenu composer={composer} color={note ? "amber" : undefined} />}
      </span>
    </div>
  );
}
