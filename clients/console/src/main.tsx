import { createRoot } from "react-dom/client";
import { StrictMode } from "react";
import { SessionStore } from "./api/session.ts";
import { createTransport } from "./api/transport.ts";
import { App } from "./app.tsx";

// After an update of the server the parts of the old console are gone: load the new one.
addEventListener("vite:preloadError", (event) => {
  const last = Number(sessionStorage.getItem("parley.reloaded") ?? 0);
  if (Date.now() - last < 60_000) return;
  event.preventDefault();
  sessionStorage.setItem("parley.reloaded", String(Date.now()));
  location.reload();
});

const session = new SessionStore(localStorage);
const transport = createTransport(location.origin, session);
const root = document.getElementById("root");

if (root) {
  createRoot(root).render(
    <StrictMode>
      <App transport={transport} session={session} />
    </StrictMode>,
  );
}
