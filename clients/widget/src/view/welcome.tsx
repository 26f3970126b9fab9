import type { VNode } from "preact";
import type { State } from "../core/store.ts";
import { useApp } from "./context.ts";

/** What the channel says before anything else, in its own words. */
export function Welcome({ state }: { state: State }): VNode | null {
  const { words } = useApp();
  const { widget, talk } = state;
  const first = !talk.chat && talk.outbox.length === 0;
  if (!widget) return null;
  return (
    <div class={first ? "welcome first" : "welcome"}>
      {widget.welcomeText && <p class="greeting">{widget.welcomeText}</p>}
      {first && !widget.online && <p class="hint">{words.awayHint}</p>}
    </div>
  );
}
