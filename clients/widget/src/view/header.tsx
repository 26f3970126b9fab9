import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { State } from "../core/store.ts";
import { closed } from "../core/talk.ts";
import { useApp } from "./context.ts";
import { initials } from "./format.ts";
import { CloseIcon, MoreIcon } from "./icons.tsx";

/** Who answers, whether they are there, and what can be done with the chat. */
export function Header({ state }: { state: State }): VNode {
  const { words, close, framed } = useApp();
  const { widget, talk } = state;
  const title = widget?.title || words.chat;
  const operator = closed(talk) ? undefined : talk.chat?.operator?.name;
  const online = widget?.online ?? false;
  return (
    <div class="header">
      <span class="avatar large" aria-hidden="true">
        {initials(operator ?? title)}
      </span>
      <div class="who">
        <h1>{operator ?? title}</h1>
        <p>
          {operator ? (
            title
          ) : (
            <>
              <span class={online ? "dot on" : "dot"} /> {online ? words.online : words.away}
            </>
          )}
        </p>
      </div>
      {talk.chat && !closed(talk) && <Menu />}
      {framed && (
        <button type="button" class="icon" aria-label={words.closeChat} title={words.closeChat} onClick={close}>
          <CloseIcon />
        </button>
      )}
    </div>
  );
}

function Menu(): VNode {
  const { words, conversation } = useApp();
  const [open, setOpen] = useState(false);
  const [failed, setFailed] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const leave = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", leave);
    document.addEventListener("focusin", leave);
    return () => {
      document.removeEventListener("pointerdown", leave);
      document.removeEventListener("focusin", leave);
    };
  }, [open]);
  const end = async (): Promise<void> => {
    try {
      setFailed(false);
      await conversation.close();
      setOpen(false);
    } catch {
      setFailed(true);
    }
  };
  return (
    <div
      class="menu"
      ref={box}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        event.preventDefault();
        setOpen(false);
        box.current?.querySelector("button")?.focus();
      }}
    >
      <button type="button" class="icon" aria-label={words.menu} title={words.menu} aria-expanded={open} onClick={() => setOpen(!open)}>
        <MoreIcon />
      </button>
      {open && (
        <div class="sheet">
          <button type="button" onClick={() => void end()}>
            {words.endChat}
          </button>
          {failed && <p role="alert">{words.actionFailed}</p>}
        </div>
      )}
    </div>
  );
}
