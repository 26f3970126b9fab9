import { Button, Group, Popover, TextInput } from "@mantine/core";
import { IconBlockquote, IconBold, IconCode, IconItalic, IconLink, IconList, IconListNumbers, IconSourceCode, IconStrikethrough, type Icon } from "@tabler/icons-react";
import { useEffect, useReducer, useState } from "react";
import { useText, type TextId } from "../intl/intl.tsx";
import { IconButton } from "../ui/header.tsx";
import { safeAddress } from "./markdown/tree.ts";
import type { RichHandle } from "./rich-editor.tsx";
import classes from "./composer.module.css";

type Editor = RichHandle["editor"];

interface Tool {
  label: TextId;
  keys?: string;
  icon: Icon;
  mark: string;
  run: (editor: Editor) => void;
}

const TOOLS: Tool[] = [
  { label: "format.bold", keys: "Ctrl B", icon: IconBold, mark: "bold", run: (editor) => editor.chain().focus().toggleBold().run() },
  { label: "format.italic", keys: "Ctrl I", icon: IconItalic, mark: "italic", run: (editor) => editor.chain().focus().toggleItalic().run() },
  { label: "format.strike", keys: "Ctrl Shift S", icon: IconStrikethrough, mark: "strike", run: (editor) => editor.chain().focus().toggleStrike().run() },
  { label: "format.code", keys: "Ctrl E", icon: IconCode, mark: "code", run: (editor) => editor.chain().focus().toggleCode().run() },
  { label: "format.bullets", icon: IconList, mark: "bulletList", run: (editor) => editor.chain().focus().toggleBulletList().run() },
  { label: "format.numbers", icon: IconListNumbers, mark: "orderedList", run: (editor) => editor.chain().focus().toggleOrderedList().run() },
  { label: "format.quote", icon: IconBlockquote, mark: "blockquote", run: (editor) => editor.chain().focus().toggleBlockquote().run() },
  { label: "format.block", icon: IconSourceCode, mark: "codeBlock", run: (editor) => editor.chain().focus().toggleCodeBlock().run() },
];

/** Gives the text form. */
export function FormatBar({ handle }: { handle: RichHandle | null }) {
  const t = useText();
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const editor = handle?.editor;
  useEffect(() => {
    editor?.on("transaction", redraw);
    return () => {
      editor?.off("transaction", redraw);
    };
  }, [editor]);
  return (
    <div className={classes.format} role="toolbar" aria-label={t("format.label")}>
      {TOOLS.map(({ label, keys, icon: ToolIcon, mark, run }) => (
        <IconButton
          key={mark}
          size={26}
          label={t(label)}
          keys={keys}
          disabled={!editor}
          aria-pressed={editor?.isActive(mark) ?? false}
          data-on={editor?.isActive(mark) ?? false}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => editor && run(editor)}
        >
          <ToolIcon size={16} stroke={1.7} />
        </IconButton>
      ))}
      <LinkTool editor={editor} />
    </div>
  );
}

function LinkTool({ editor }: { editor: Editor | undefined }) {
  const t = useText();
  const [href, setHref] = useState<string>();
  const address = href === undefined ? undefined : safeAddress(/^[a-z]+:/iu.test(href.trim()) ? href : `https://${href.trim()}`);
  function set(): void {
    if (!editor || !address) return;
    const chain = editor.chain().focus().extendMarkRange("link");
    if (editor.state.selection.empty && !editor.isActive("link")) chain.insertContent({ type: "text", text: address, marks: [{ type: "link", attrs: { href: address } }] }).run();
    else chain.setLink({ href: address }).run();
    setHref(undefined);
  }
  return (
    <Popover opened={href !== undefined} onChange={(open) => !open && setHref(undefined)} trapFocus position="top" withinPortal>
      <Popover.Target>
        <IconButton
          size={26}
          label={t("format.link")}
          disabled={!editor}
          data-on={editor?.isActive("link") ?? false}
          onClick={() => setHref(href === undefined ? String(editor?.getAttributes("link")["href"] ?? "") : undefined)}
        >
          <IconLink size={16} stroke={1.7} />
        </IconButton>
      </Popover.Target>
      <Popover.Dropdown p={8}>
        <Group gap={6} wrap="nowrap">
          <TextInput
            size="xs"
            w={220}
            data-autofocus
            aria-label={t("format.address")}
            placeholder="https://"
            value={href ?? ""}
            onChange={(event) => setHref(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter") return;
              event.preventDefault();
              set();
            }}
          />
          <Button disabled={!address || href?.trim() === ""} onClick={set}>{t("format.setLink")}</Button>
          {editor?.isActive("link") && (
            <Button
              variant="default"
              onClick={() => {
                editor.chain().focus().extendMarkRange("link").unsetLink().run();
                setHref(undefined);
              }}
            >
              {t("format.unlink")}
            </Button>
          )}
        </Group>
      </Popover.Dropdown>
    </Popover>
  );
}
