import { Textarea } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { toDoc } from "./markdown/doc.ts";
import classes from "./text-field.module.css";

const RichEditor = lazy(() => import("./rich-editor.tsx"));

interface TextFieldProps {
  label: string;
  body: string;
  /** True for text with form. */
  markdown: boolean;
  autoFocus?: boolean;
  onChange: (body: string) => void;
  /** Ctrl/Cmd+Enter. */
  onSave?: () => void;
  onEscape?: () => void;
}

/** A text to change, in the form it has. */
export function TextField({ label, body, markdown, autoFocus = false, onChange, onSave, onEscape }: TextFieldProps) {
  const [doc] = useState(() => (markdown ? toDoc(body, {}) : undefined));
  const plain = (
    <Textarea
      autosize
      // oxlint-disable-next-line jsx-a11y/no-autofocus -- the user has just asked to write here
      autoFocus={autoFocus}
      minRows={2}
      maxRows={10}
      value={body}
      maxLength={20_000}
      dir="auto"
      aria-label={label}
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Escape" && onEscape) {
          event.stopPropagation();
          onEscape();
        }
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onSave?.();
      }}
    />
  );
  if (!doc) return plain;
  return (
    <Suspense fallback={plain}>
      <div className={classes.field}>
        <RichEditor
          doc={doc}
          version={0}
          label={label}
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- see above
          autoFocus={autoFocus}
          onWrite={(written) => onChange(written.markdown)}
          onKey={(event) => {
            const save = event.key === "Enter" && (event.ctrlKey || event.metaKey);
            if (save) onSave?.();
            if (event.key === "Escape" && onEscape) {
              event.stopPropagation();
              onEscape();
              return true;
            }
            return save;
          }}
        />
      </div>
    </Suspense>
  );
}
