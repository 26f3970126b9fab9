import { render } from "preact";
import { Panel } from "./panel.tsx";
import { AppProvider, type App } from "./context.ts";
import { Uploads } from "./uploads.ts";
import "./style.css";

/** Draws the panel; the answered function puts the focus where one writes. */
export function mount(given: Omit<App, "uploads">): () => void {
  const root = document.getElementById("panel");
  const app: App = { ...given, uploads: new Uploads(given.conversation, given.store) };
  if (root) {
    render(
      <AppProvider value={app}>
        <Panel />
      </AppProvider>,
      root,
    );
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    app.close();
  });
  return () => {
    const target = root?.querySelector<HTMLElement>("textarea") ?? root?.querySelector<HTMLElement>(".ended button");
    target?.focus();
  };
}
