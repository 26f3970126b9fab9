import { Mention } from "@tiptap/extension-mention";
import { EditorContent, useEditor, type Editor, type JSONContent } from "@tiptap/react";
import type { EditorView } from "@tiptap/pm/view";
import { StarterKit } from "@tiptap/starter-kit";
import { useEffect, useImperativeHandle, useRef, useState, type Ref } from "react";
import { emojiQuery, mentionQuery } from "./drafts.ts";
import type { DocNode } from "./markdown/doc.ts";
import { safeAddress } from "./markdown/tree.ts";
import { writeDoc, type Written } from "./markdown/write.ts";
import classes from "./rich-editor.module.css";

/** What is being looked for where one writes. */
export interface Sought {
  kind: "mention" | "emoji";
  query: string;
  from: number;
  to: number;
}

/** What can be done with the editor from outside. */
export interface RichHandle {
  editor: Editor;
  focus: () => void;
  insert: (text: string) => void;
  /** Takes over a document and, if there is a caret in it, the focus at once. */
  take: (doc: DocNode, caret: number | undefined) => void;
  /** Puts somebody's name in place of what was sought. */
  mention: (id: string, name: string, sought: Sought) => void;
  /** Puts text in place of what was sought. */
  put: (text: string, sought: Sought) => void;
}

export interface RichEditorProps {
  /** What is there at first, and again whenever version changes. */
  doc: DocNode;
  version: string | number;
  label: string;
  placeholder?: string;
  ref?: Ref<RichHandle>;
  /** Attributes for screen readers while something is sought. */
  aria?: Record<string, string | boolean | undefined>;
  autoFocus?: boolean;
  /** Told once one can write in it. */
  onReady?: (handle: RichHandle) => void;
  onWrite: (written: Written) => void;
  onSeek?: (sought: Sought | undefined) => void;
  /** Handles a key before the editor does; answers whether it did. `inBlock` is true in lists and code. */
  onKey?: (event: KeyboardEvent, inBlock: boolean) => boolean;
  onFiles?: (files: FileList) => void;
  onBlur?: () => void;
}

/** Text with form: bold, italic, strike, code, links, lists, quotes. Pasted HTML is reduced to these. */
export default function RichEditor(props: RichEditorProps) {
  const { doc, version, label, placeholder, autoFocus, ref } = props;
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const [extensions] = useState(makeExtensions);
  const editor = useEditor({
    extensions,
    content: doc as JSONContent,
    autofocus: autoFocus ? "end" : false,
    injectCSS: false,
    editorProps: {
      attributes: () => attributesOf(latest.current),
      handleKeyDown: (view, event) => latest.current.onKey?.(event, isInBlock(view)) ?? false,
      handlePaste: (_view, event) => takeFiles(event.clipboardData?.files, latest.current.onFiles),
      handleDrop: (_view, event) => takeFiles(event.dataTransfer?.files, latest.current.onFiles, event),
    },
    onCreate: ({ editor: now }) => latest.current.onReady?.(handleOf(now)),
    onUpdate: ({ editor: now }) => latest.current.onWrite(writeDoc(now.getJSON())),
    onTransaction: ({ editor: now }) => latest.current.onSeek?.(now.isFocused ? seek(now) : undefined),
    onBlur: () => latest.current.onBlur?.(),
  });

  const shown = useRef(version);
  useEffect(() => {
    if (shown.current === version) return;
    shown.current = version;
    editor.commands.setContent(latest.current.doc as JSONContent, { emitUpdate: false });
  }, [editor, version]);
  const { aria } = props;
  useEffect(() => {
    // Nothing of the text changes: only what the area says of itself.
    editor.view.updateState(editor.state);
  }, [aria, editor, label]);
  useImperativeHandle(ref, () => handleOf(editor), [editor]);

  return (
    <div className={classes.editor} data-empty={editor.isEmpty}>
      {placeholder && editor.isEmpty && <span className={classes.placeholder} aria-hidden>{placeholder}</span>}
      <EditorContent editor={editor} />
    </div>
  );
}

function attributesOf({ label, aria = {} }: RichEditorProps): Record<string, string> {
  const said = Object.entries(aria).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return { class: classes.area ?? "", role: "textbox", "aria-multiline": "true", "aria-label": label, dir: "auto", ...Object.fromEntries(said) };
}

function makeExtensions() {
  return [
    StarterKit.configure({
      heading: false,
      horizontalRule: false,
      underline: false,
      trailingNode: false,
      dropcursor: { color: "currentColor", width: 1 },
      link: {
        openOnClick: false,
        autolink: true,
        linkOnPaste: true,
        defaultProtocol: "https",
        isAllowedUri: (url, { defaultValidate }) => defaultValidate(url) && safeAddress(/^[a-z][a-z0-9+.-]*:/iu.test(url) ? url : `https://${url}`) !== undefined,
        HTMLAttributes: { rel: "noopener noreferrer nofollow", target: null, class: null },
      },
    }),
    // The list of names is ours: the editor knows only what a mention is.
    Mention.extend({ addProseMirrorPlugins: () => [] }).configure({
      HTMLAttributes: { class: classes.mention },
      renderText: ({ node }) => `@${String(node.attrs["label"])}`,
      renderHTML: ({ node, options }) => ["span", { ...options.HTMLAttributes, "data-type": "mention" }, `@${String(node.attrs["label"])}`],
    }),
  ];
}

function takeFiles(files: FileList | undefined, onFiles: ((files: FileList) => void) | undefined, event?: Event): boolean {
  if (!files || files.length === 0 || !onFiles) return false;
  // What is dropped goes to the whole composer.
  if (event) return true;
  onFiles(files);
  return true;
}

function isInBlock({ state }: EditorView): boolean {
  const { $from: at } = state.selection;
  return Array.from({ length: at.depth }, (_, depth) => at.node(depth + 1).type.name).some((name) => name === "listItem" || name === "codeBlock");
}

/** What stands before the caret, if it looks for somebody or something. */
function seek(editor: Editor): Sought | undefined {
  const { selection } = editor.state;
  if (!selection.empty || editor.isActive("codeBlock") || editor.isActive("code")) return undefined;
  const { parent, parentOffset } = selection.$from;
  const before = parent.textBetween(0, parentOffset, "\n", "\uFFFC");
  for (const [kind, found] of [["mention", mentionQuery(before, before.length)], ["emoji", emojiQuery(before, before.length)]] as const) {
    if (found) return { kind, query: found.query, from: selection.from - (before.length - found.start), to: selection.from };
  }
  return undefined;
}

function handleOf(editor: Editor): RichHandle {
  const replace = ({ from, to }: Sought, content: JSONContent[]): void => {
    editor.chain().focus().insertContentAt({ from, to }, content).run();
  };
  return {
    editor,
    focus: () => void editor.commands.focus("end"),
    insert: (text) => void editor.chain().focus().insertContent({ type: "text", text }).run(),
    take: (doc, caret) => {
      editor.commands.setContent(doc as JSONContent, { emitUpdate: false });
      if (caret === undefined) return;
      editor.commands.setTextSelection(caret);
      editor.view.focus();
    },
    mention: (id, name, sought) => replace(sought, [{ type: "mention", attrs: { id, label: name } }, { type: "text", text: " " }]),
    put: (text, sought) => replace(sought, [{ type: "text", text: `${text} ` }]),
  };
}
