/**
 * The one script of a website: a round launcher, and the panel in an iframe on
 * Parley's origin, so that neither can look into the other. It asks nothing of
 * the website's content security policy but to allow this script and the frame:
 * no inline styles, no markup from strings, no cookies.
 */
import { Widget } from "./widget.ts";

/** What a website's own scripts can do. */
export interface ParleyApi {
  /** Opens the chat. */
  open(): void;
  /** Closes the chat. */
  close(): void;
  /** Ends the visit, when the website's user signs out: nothing of it stays in the browser. */
  logout(): void;
}

declare global {
  interface Window {
    Parley?: ParleyApi;
  }
}

const script = document.currentScript;
const channel = script?.dataset["channel"];

if (script instanceof HTMLScriptElement && channel && !window.Parley) {
  const widget = new Widget(script, channel);
  window.Parley = {
    open: () => widget.open(),
    close: () => widget.close(),
    logout: () => widget.logout(),
  };
  widget.stay();
}
