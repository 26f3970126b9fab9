import { SegmentedControl, TextInput } from "@mantine/core";
import { IconArrowsDiagonal, IconArrowsDiagonalMinimize2, IconLock } from "@tabler/icons-react";
import { useState, type ReactNode } from "react";
import { useText } from "../intl/intl.tsx";
import { useKeys } from "../keys/keys.tsx";
import { IconButton } from "../ui/header.tsx";
import { ComposerTools } from "./composer-tools.tsx";
import type { Mode } from "./drafts.ts";
import { Uploads } from "./uploads.tsx";
import { FormatBar } from "./format-bar.tsx";
import { useThreadInfo, useThreadPlace } from "./place.ts";
import { PlainInput } from "./plain-input.tsx";
import { Answering } from "./quote.tsx";
import { RecipientLine } from "./recipients.tsx";
import type { RichHandle } from "./rich-editor.tsx";
import { RichInput } from "./rich-input.tsx";
import type { ComposerState } from "./use-composer.ts";
import { useFileDrop } from "./use-file-drop.ts";
import classes from "./composer.module.css";

interface ComposerProps {
  composer: ComposerState;
  /** Who gets a message, where it is not to be chosen; shown quietly. */
  audience: string;
  /** Names of the two modes. */
  messageLabel: string;
  /** Contacts can be mentioned in messages. */
  mentions: boolean;
  /** Why nothing can be posted; undefined if it can. */
  closed?: ReactNode;
  /** Takes up as little room as possible. */
  compact?: boolean;
}

/** Where one writes: a message to everybody, or a note for colleagues. */
export function Composer(props: ComposerProps) {
  const { composer, closed, compact = false } = props;
  const t = useText();
  const { rich } = useThreadPlace();
  const drop = useFileDrop(composer.addFiles);
  const note = composer.mode === "note";
  useKeys(compact ? {} : { r: () => composer.focus("message"), n: () => composer.focus("note") });
  if (closed) return <div className={classes.closed}>{closed}</div>;
  return (
    <div className={classes.composer} data-mode={composer.mode} data-over={drop.over} data-compact={compact} data-expanded={composer.expanded} {...drop.handlers}>
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
        <span className={classes.audience}>{note ? <NoteHint /> : !rich && props.audience}</span>
        {rich && (
          <IconButton size={26} label={composer.expanded ? t("composer.shrink") : t("composer.expand")} aria-expanded={composer.expanded} onClick={() => composer.expand(!composer.expanded)}>
            {composer.expanded ? <IconArrowsDiagonalMinimize2 size={16} stroke={1.7} /> : <IconArrowsDiagonal size={16} stroke={1.7} />}
          </IconButton>
        )}
      </div>
      {rich && <RecipientLine composer={composer} />}
      <Writing {...props} />
    </div>
  );
}

function NoteHint() {
  const t = useText();
  return <span className={classes.noteHint}><IconLock size={13} aria-hidden />{t("composer.internalHint")}</span>;
}

function Writing({ composer, mentions, messageLabel, compact = false }: ComposerProps) {
  const t = useText();
  const { rich } = useThreadPlace();
  const [handle, setHandle] = useState<RichHandle | null>(null);
  const [formatting, setFormatting] = useState(false);
  const note = composer.mode === "note";
  const { replyTo } = composer.draft;
  const input = {
    composer,
    label: note ? t("composer.notePlaceholder") : messageLabel,
    placeholder: note ? t("composer.notePlaceholder") : t("composer.placeholder"),
    mentions: rich || mentions ? ("all" as const) : note ? ("users" as const) : ("none" as const),
    emoji: rich,
    compact,
  };
  return (
    <>
      {replyTo && <Answering to={replyTo} onDrop={() => composer.amend({ replyTo: undefined })} />}
      {rich && !note && (composer.expanded || composer.draft.subject !== undefined) && <Subject composer={composer} />}
      {rich && (composer.expanded || formatting) && <FormatBar handle={handle} />}
      {rich ? <RichInput {...input} onHandle={setHandle} /> : <PlainInput {...input} />}
      <Uploads uploads={composer.uploads} onRetry={composer.retryUpload} onRemove={composer.removeUpload} />
      {composer.open.length > 0 && <p className={classes.open} role="status">{t("templates.open", { names: composer.open.join(", ") })}</p>}
      <ComposerTools composer={composer} canMention={input.mentions !== "none"} formatting={formatting} onFormatting={rich ? setFormatting : undefined} />
    </>
  );
}

function Subject({ composer }: { composer: ComposerState }) {
  const t = useText();
  const thread = useThreadInfo();
  return (
    <TextInput
      className={classes.subject}
      variant="unstyled"
      maxLength={300}
      aria-label={t("composer.subject")}
      placeholder={thread?.title || t("composer.subject")}
      value={composer.draft.subject ?? ""}
      onChange={(event) => composer.amend({ subject: event.currentTarget.value })}
    />
  );
}

function toMode(value: string): Mode {
  return value === "note" ? "note" : "message";
}
