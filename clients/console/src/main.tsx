import { createRoot } from "react-dom/client";
import { StrictMode } from "react";
import { SessionStore } from "./api/session.ts";
import { createTransport } from "./api/transport.ts";
import { App } from "./app.tsx";

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
