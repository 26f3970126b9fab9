import { Button, SegmentedControl, Textarea } from "@mantine/core";
import { IconAt, IconLock, IconPaperclip, IconSend2 } from "@tabler/icons-react";
import { useRef, type ClipboardEvent, type KeyboardEvent } from "react";
import { useText } from "../intl/intl.tsx";
import { useKeys } from "../keys/keys.tsx";
import { usePreferences } from "../preferences.ts";
import { IconButton } from "../ui/header.tsx";
import { Uploads } from "./files.tsx";
import type { Mode } from "./drafts.ts";
import { MentionPicker, useMentions } from "./mentions.tsx";
import { useFileDrop, type ComposerState } from "./use-composer.ts";
import classes from "./composer.module.css";

interface ComposerProps {
  composer: ComposerState;
  /** Who gets a message; shown quietly. */
  audience: string;
  /** Names of the two modes. */
  messageLabel: string;
  /** Contacts can be mentioned in messages. */
  mentions: boolean;
  /** Why nothing can be posted; undefined if it can. */
  closed?: React.ReactNode;
  /** Takes up as little room as possible. */
  compact?: boolean;
}

/** Where one writes: a message to everybody, or a note for colleagues. */
export function Composer(props: ComposerProps) {
  const { composer, closed, compact = false } = props;
  const t = useText();
  const note = composer.mode === "note";
  const drop = useFileDrop(composer.addFiles);
  useKeys(compact ? {} : { r: () => composer.focus("message"), n: () => composer.focus("note") });
  if (closed) return <div className={classes.closed}>{closed}</div>;
  return (
    <div className={classes.composer} data-mode={composer.mode} data-over={drop.over} data-compact={compact} {...drop.handlers}>
      <div className={classes.bar}>
        <SegmentedControl
          size="xs"
          value={composer.mode}
          onChange={(value) => composer.focus(toMode(value))}
          data={[
            { value: "message", label: props.messageLabel },
            { value: "note", label: <span className={classes.noteLabel}><IconLock size={13} aria-hidden />{t("composer.note")}</span> },
          ]}
          aria-label={t("composer.mode")}
        />
        <span className={classes.audience}>{note ? t("composer.internalHint") : props.audience}</span>
      </div>
      <Input {...props} />
    </div>
  );
}

function Input({ composer, mentions: canMention, messageLabel, compact }: ComposerProps) {
  const t = useText();
  const [{ sendWith }] = usePreferences();
  const { attach } = composer;
  const note = composer.mode === "note";
  const mentions = useMentions(composer, note || canMention, note);
  const picker = useRef<HTMLInputElement>(null);

  function key(event: KeyboardEvent<HTMLTextAreaElement>): void {
    if (mentions.key(event)) return;
    if (event.key === "Escape") event.currentTarget.blur();
    const mod = event.ctrlKey || event.metaKey;
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    if (mod || sendWith === "enter") {
      event.preventDefault();
      composer.send();
    }
  }

  function paste(event: ClipboardEvent): void {
    if (event.clipboardData.files.length === 0) return;
    event.preventDefault();
    composer.addFiles(event.clipboardData.files);
  }

  return (
    <>
      <MentionPicker mentions={mentions}>
        <Textarea
          ref={attach}
          classNames={{ input: classes.input }}
          variant="unstyled"
          autosize
          minRows={compact ? 1 : 2}
          maxRows={8}
          maxLength={20_000}
          value={composer.body}
          dir="auto"
          aria-label={note ? t("composer.notePlaceholder") : messageLabel}
          placeholder={note ? t("composer.notePlaceholder") : t("composer.placeholder")}
          onChange={(event) => {
            composer.change(event.currentTarget.value);
            mentions.track(event.currentTarget);
          }}
          onSelect={(event) => mentions.track(event.currentTarget)}
          onKeyDown={key}
          onPaste={paste}
          onBlur={composer.stopTyping}
          {...mentions.aria}
        />
      </MentionPicker>
      <Uploads uploads={composer.uploads} onRetry={composer.retryUpload} onRemove={composer.removeUpload} />
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
        {(note || canMention) && (
          <IconButton label={t("composer.mention")} onClick={mentions.begin}><IconAt size={18} stroke={1.7} /></IconButton>
        )}
        <span className={classes.hint}>{sendWith === "enter" ? t("composer.enterHint") : t("composer.modHint")}</span>
        <Button
          color={note ? "amber" : undefined}
          disabled={!composer.canSend}
          onClick={composer.send}
          rightSection={<IconSend2 size={15} className="flip" />}
        >
          {note ? t("composer.addNote") : t("composer.send")}
        </Button>
      </div>
    </>
  );
}

function toMode(value: string): Mode {
  return value === "note" ? "note" : "message";
}
