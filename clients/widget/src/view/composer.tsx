import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { State } from "../core/store.ts";
import { useApp, useUploads } from "./context.ts";
import { ClipIcon, SendIcon } from "./icons.tsx";
import { Tray } from "./tray.tsx";

const MAX_LENGTH = 20_000;

/** Where the visitor writes. */
export function Composer({ state }: { state: State }): VNode {
  const { words } = useApp();
  const files = useUploads();
  const [text, setText] = useDraft();
  const area = useGrowing(text);
  const email = useRef<HTMLInputElement>(null);
  const [wrong, setWrong] = useState(false);
  const post = usePost(state);
  const asks = begins(state) && state.widget?.online !== true;
  const can = text.trim() !== "" || files.some((item) => item.file ?? (!item.tooBig && !item.failed));
  const send = (): void => {
    if (!can) return;
    if (asks && email.current?.validity.valid === false) {
      setWrong(true);
      email.current.focus();
      return;
    }
    post(text.trim(), email.current?.value ?? "");
    setText("");
    area.current?.focus();
  };
  return (
    <div class="composer">
      {asks && (
        <label class="email">
          <span>{words.emailLabel}</span>
          <input ref={email} type="email" autocomplete="email" maxLength={254} aria-invalid={wrong} onInput={() => setWrong(false)} />
          {wrong && <small role="alert">{words.emailWrong}</small>}
        </label>
      )}
      <Tray />
      <div class="box">
        <Attach />
        <Input area={area} text={text} setText={setText} send={send} hint={state.widget?.inputPlaceholder || words.placeholder} />
        <button type="button" class="send" aria-label={words.send} title={words.send} disabled={!can} onClick={send}>
          <SendIcon />
        </button>
      </div>
    </div>
  );
}

/** True as long as nothing was said. */
const begins = ({ talk }: State): boolean => !talk.chat && talk.outbox.length === 0;

/**
 * Sends a text with its files. Files that are still on their way do not hold the
 * text up: they follow as a message of their own. They need a chat to go into, so
 * that the first message, if it has no text, is their names.
 */
function usePost(state: State): (text: string, email: string) => void {
  const { conversation, uploads } = useApp();
  return (text, email) => {
    const first = begins(state);
    if (uploads.ready && !(first && uploads.items.length > 0)) return conversation.send(text, uploads.take(), email);
    const names = `📎 ${uploads.items.map(({ name }) => name).join(", ")}`;
    const body = text || (first ? names : "");
    if (body) conversation.send(body, [], email);
    uploads.follow();
  };
}

interface InputProps {
  area: { current: HTMLTextAreaElement | null };
  text: string;
  setText: (text: string) => void;
  send: () => void;
  hint: string;
}

function Input({ area, text, setText, send, hint }: InputProps): VNode {
  const { words, conversation, uploads } = useApp();
  return (
    <textarea
      ref={area}
      rows={1}
      dir="auto"
      maxLength={MAX_LENGTH}
      value={text}
      aria-label={words.message}
      placeholder={hint}
      enterkeyhint="send"
      onInput={(event) => {
        setText(event.currentTarget.value);
        conversation.typing(event.currentTarget.value === "");
      }}
      onBlur={() => conversation.typing(true)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        send();
      }}
      onPaste={(event) => {
        const files = event.clipboardData?.files;
        if (!files?.length) return;
        event.preventDefault();
        uploads.add(files);
      }}
    />
  );
}

function Attach(): VNode {
  const { words, uploads } = useApp();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          uploads.add(event.currentTarget.files ?? []);
          event.currentTarget.value = "";
        }}
      />
      <button type="button" class="icon" aria-label={words.attach} title={words.attach} onClick={() => input.current?.click()}>
        <ClipIcon />
      </button>
    </>
  );
}

/** What is being written; it survives a reload. */
function useDraft(): [string, (text: string) => void] {
  const { session, conversation } = useApp();
  const key = `parley.${conversation.channel}.draft`;
  const [text, setText] = useState(() => session?.getItem(key) ?? "");
  const keep = (next: string): void => {
    setText(next);
    try {
      session?.setItem(key, next);
    } catch {
      // Full: it lasts as long as the page.
    }
  };
  return [text, keep];
}

/** An input that grows with its text, where the browser does not do it. */
function useGrowing(text: string): { current: HTMLTextAreaElement | null } {
  const area = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const { current } = area;
    if (!current || CSS.supports("field-sizing", "content")) return;
    current.style.blockSize = "auto";
    current.style.blockSize = `${current.scrollHeight}px`;
  }, [text]);
  useEffect(() => area.current?.setSelectionRange(text.length, text.length), []);
  return area;
}
