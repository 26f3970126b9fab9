import type { VNode } from "preact";
import type { State } from "../core/store.ts";
import { useApp } from "./context.ts";
import { initials } from "./format.ts";

/** What the channel says before anything else, in its own words. */
export function Welcome({ state }: { state: State }): VNode | null {
  const { words } = useApp();
  const { widget, talk } = state;
  const first = !talk.chat && talk.outbox.length === 0;
  const title = widget?.title || words.team;
  return (
    <>
      <div class="top" />
      {widget?.welcomeText && (
        <div class="said other first last">
          <p class="author" aria-hidden="true">
            <span class="avatar">{initials(title)}</span>
            {title}
          </p>
          <div class="stack">
            <span class="quiet">{title}: </span>
            <p class="bubble" dir="auto">
              {widget.welcomeText}
            </p>
          </div>
        </div>
      )}
      {first && widget && !widget.online && <p class="line">{words.awayHint}</p>}
    </>
  );
}
