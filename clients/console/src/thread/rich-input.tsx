import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { usePreferences } from "../preferences.ts";
import { toDoc, toUnfinishedDoc } from "./markdown/doc.ts";
import { PlainInput, type InputProps } from "./plain-input.tsx";
import type { RichHandle, RichEditorProps, Sought } from "./rich-editor.tsx";
import { SeekerList, useSeeker } from "./seeker.tsx";
import classes from "./composer.module.css";

type Editor = (props: RichEditorProps) => React.ReactNode;

let editor: Editor | undefined;

/** Fetches the editor; later calls answer the same one. */
async function load(): Promise<Editor> {
  editor ??= (await import("./rich-editor.tsx")).default;
  return editor;
}

/** After so long without a key one may be moved from the plain text to the rich one. */
const PAUSE_MS = 350;

/**
 * Text with form. Until the editor is there, one writes plain text. The editor takes
 * it over with the place of the caret, in a pause of the writer; the plain text goes
 * only when the editor has the focus, so that no key is lost between them.
 */
export function RichInput(props: InputProps & { onHandle?: (handle: RichHandle | null) => void }) {
  const [Loaded, setLoaded] = useState<Editor | undefined>(() => editor);
  const [waiting, setWaiting] = useState(!editor);
  const plain = useRef<HTMLTextAreaElement>(null);
  const takePlain = useCallback((element: HTMLTextAreaElement | null) => {
    plain.current = element;
  }, []);
  // Without the editor one writes on as before.
  const begin = useCallback(() => void load().then((found) => setLoaded(() => found), () => undefined), []);
  useEffect(() => {
    if (editor || typeof requestIdleCallback !== "function") return undefined;
    const id = requestIdleCallback(begin, { timeout: 3_000 });
    return () => cancelIdleCallback(id);
  }, [begin]);
  const latest = useRef(props.composer);
  useEffect(() => {
    latest.current = props.composer;
  });
  const ready = useCallback((handle: RichHandle) => {
    whenQuiet(plain.current, () => {
      // In development an editor may be made twice, and the first one is gone by now.
      if (handle.editor.isDestroyed) return;
      const element = plain.current;
      const { draft } = latest.current;
      const body = element?.value ?? draft.body;
      const focused = element !== null && document.activeElement === element;
      handle.take(toUnfinishedDoc(body, draft.mentions), focused ? place(body, element.selectionStart, draft.mentions) : undefined);
      setWaiting(false);
    });
  }, []);
  return (
    <>
      {waiting && <PlainInput {...props} onBegin={begin} onElement={takePlain} />}
      {Loaded && <div className={waiting ? classes.behind : classes.target} aria-hidden={waiting}><Rich {...props} Editor={Loaded} waiting={waiting} onReady={ready} /></div>}
    </>
  );
}

/** Runs something as soon as nobody types into the element. */
function whenQuiet(element: HTMLTextAreaElement | null, run: () => void): void {
  if (!element || document.activeElement !== element) return run();
  let timer = setTimeout(done, PAUSE_MS);
  let composing = false;
  function done(): void {
    if (composing) return;
    element?.removeEventListener("keydown", again);
    element?.removeEventListener("compositionstart", begun);
    element?.removeEventListener("compositionend", ended);
    run();
  }
  function again(): void {
    clearTimeout(timer);
    timer = setTimeout(done, PAUSE_MS);
  }
  function begun(): void {
    composing = true;
  }
  function ended(): void {
    composing = false;
    again();
  }
  element.addEventListener("keydown", again);
  element.addEventListener("compositionstart", begun);
  element.addEventListener("compositionend", ended);
}

interface RichProps extends InputProps {
  Editor: Editor;
  /** True while one still writes plain text. */
  waiting: boolean;
  onReady: (handle: RichHandle) => void;
  onHandle?: (handle: RichHandle | null) => void;
}

function Rich({ composer, Editor: Area, waiting, onReady, label, placeholder, mentions, emoji, onHandle }: RichProps) {
  const [{ sendWith }] = usePreferences();
  const [sought, setSought] = useState<Sought>();
  const usable = sought && (sought.kind === "emoji" ? emoji : mentions !== "none") ? sought : undefined;
  const seeker = useSeeker(usable, {
    usersOnly: mentions === "users",
    onPick: (found, at) => {
      if (found.kind === "mention") handle?.mention(found.party.id, found.party.name, at);
      else handle?.put(found.emoji, at);
      setSought(undefined);
    },
    onClose: () => setSought(undefined),
  });
  const [handle, setHandle] = useState<RichHandle | null>(null);
  const { attach } = composer;
  useEffect(() => {
    onHandle?.(handle);
    return handle && !waiting ? attach(handle) : undefined;
  }, [attach, handle, onHandle, waiting]);
  // Until it has taken over, the editor is not there for the keyboard either.
  useLayoutEffect(() => {
    if (handle && !handle.editor.isDestroyed) handle.editor.view.dom.tabIndex = waiting ? -1 : 0;
  }, [handle, waiting]);

  function key(event: KeyboardEvent, inBlock: boolean): boolean {
    if (event.isComposing) return false;
    if (seeker.key(event)) return true;
    if (event.key === "Escape") {
      handle?.editor.commands.blur();
      return true;
    }
    if (event.key !== "Enter" || event.shiftKey) return false;
    const mod = event.ctrlKey || event.metaKey;
    if (!mod && (sendWith !== "enter" || inBlock)) return false;
    composer.send();
    return true;
  }

  // The editor holds what is typed: the document is made anew only when another text comes.
  const version = `${composer.mode}/${composer.version}`;
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- see above
  const doc = useMemo(() => toDoc(composer.body, composer.draft.mentions), [version]);
  return (
    <SeekerList seeker={seeker}>
      <Area
        ref={setHandle}
        doc={doc}
        version={version}
        label={label}
        placeholder={placeholder}
        aria={seeker.aria}
        onReady={onReady}
        onWrite={composer.write}
        onSeek={(next) => setSought((now) => (now?.kind === next?.kind && now?.query === next?.query && now?.from === next?.from ? now : next))}
        onKey={key}
        onFiles={composer.addFiles}
        onBlur={composer.stopTyping}
      />
    </SeekerList>
  );
}

/** Where in the document a place of its Markdown is. */
function place(body: string, caret: number, mentions: Record<string, string>): number {
  const size = (node: ReturnType<typeof toDoc>): number =>
    node.text?.length ?? (node.content ? node.content.reduce((sum, child) => sum + size(child), 2) : node.type === "paragraph" ? 2 : 1);
  // A document that ends at the caret: its own end stands a step behind that of its last paragraph.
  return Math.max(1, size(toUnfinishedDoc(body.slice(0, caret), mentions)) - 3);
}
