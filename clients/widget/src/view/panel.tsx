import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { closed } from "../core/talk.ts";
import { Banner } from "./banner.tsx";
import { Composer } from "./composer.tsx";
import { useApp, useShown } from "./context.ts";
import { Ended } from "./ended.tsx";
import { Header } from "./header.tsx";
import { Log } from "./log.tsx";

/** How often an open panel looks whether somebody is there, in milliseconds. */
const LOOK = 60_000;

/** The chat window. */
export function Panel(): VNode {
  const { conversation, store, uploads, words } = useApp();
  const state = useShown(store);
  const [over, setOver] = useState(false);
  useEffect(() => {
    if (!state.open) return;
    const timer = setInterval(() => document.visibilityState === "visible" && conversation.look(), LOOK);
    return () => clearInterval(timer);
  }, [state.open, conversation]);
  const takes = !closed(state.talk);
  return (
    <section
      class="panel"
      aria-label={state.widget?.title || words.chat}
      onDragOver={(event) => {
        event.preventDefault();
        if (takes) setOver(event.dataTransfer?.types.includes("Files") ?? false);
      }}
      onDragLeave={(event) => event.relatedTarget === null && setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (takes) uploads.add(event.dataTransfer?.files ?? []);
      }}
    >
      <Header state={state} />
      <Banner up={state.up} />
      <Log state={state} />
      {takes ? <Composer state={state} /> : <Ended />}
      {over && <div class="drop">{words.drop}</div>}
    </section>
  );
}
