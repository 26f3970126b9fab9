import type { Call, Report } from "../bridge.ts";
import { style } from "./style.ts";

const CHAT = "M12 3C6.5 3 2.5 6.6 2.5 11c0 2.5 1.3 4.7 3.3 6.200V21l3.6-2.300c.8.2 1.7.3 2.6.3 5.5 0 9.5-3.6 9.5-8S17.5 3 12 3Z";
const DOWN = "m12 15.9-7.2-7 1.5-1.5 5.7 5.6 5.7-5.6 1.5 1.5z";
/** A panel that says nothing for so long is loaded anew, in milliseconds. */
const PATIENCE = 8_000;
const PHONE = "(max-width:480px),(max-height:420px)";

/** The launcher and the panel's frame on a website. */
export class Widget {
  readonly #element: HTMLElement;
  readonly #wrap = document.createElement("div");
  readonly #button = document.createElement("button");
  readonly #badge = document.createElement("span");
  readonly #news = document.createElement("span");
  readonly #address: URL;
  #frame: HTMLIFrameElement | undefined;
  #look: Extract<Report, { parley: "look" }> | undefined;
  #isOpen = false;
  #wanted = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;

  constructor(script: HTMLScriptElement, channel: string) {
    this.#address = new URL("panel", script.src);
    this.#address.searchParams.set("channel", channel);
    this.#address.hash = encodeURIComponent(location.origin);
    this.#element = document.createElement("parley-widget");
    const root = this.#element.attachShadow({ mode: "open" });
    adopt(root, script.nonce);
    this.#draw();
    root.append(this.#wrap);
    this.#color(script.dataset["color"]);
    addEventListener("message", (event: MessageEvent<Report>) => {
      if (event.origin === this.#address.origin && event.source && event.source === this.#frame?.contentWindow) this.#hear(event.data);
    });
    whenIdle(() => this.#mount());
  }

  /** Puts the widget into the page, and again whenever the page replaces its body. */
  stay(): void {
    const put = (): void => {
      if (document.body && !this.#element.isConnected) document.body.append(this.#element);
    };
    put();
    new MutationObserver(put).observe(document.documentElement, { childList: true });
  }

  open(focus = true): void {
    this.#wanted = true;
    this.#mount();
    if (!this.#look) return;
    this.#show(true);
    if (focus) this.#frame?.focus();
    this.#tell("open", focus);
  }

  close(): void {
    this.#wanted = false;
    if (!this.#isOpen) return;
    this.#show(false);
    this.#post({ parley: "close" });
    this.#button.focus();
  }

  logout(): void {
    this.#mount();
    this.#post({ parley: "logout" });
  }

  #draw(): void {
    this.#wrap.className = "w";
    this.#button.className = "l";
    this.#button.type = "button";
    this.#badge.className = "b";
    this.#badge.ariaHidden = "true";
    this.#badge.hidden = true;
    this.#news.className = "n";
    this.#news.setAttribute("role", "status");
    this.#button.append(icon(CHAT), icon(DOWN), this.#badge);
    this.#button.addEventListener("click", () => (this.#isOpen ? this.close() : this.open()));
    this.#button.addEventListener("pointerenter", () => this.#mount());
    this.#wrap.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    this.#wrap.append(this.#button, this.#news);
    this.#show(false);
  }

  /** Shows the launcher in the channel's colour; without one it waits for the panel to tell. */
  #color(color: string | undefined, ink = "#fff"): void {
    this.#button.hidden = !color;
    if (!color) return;
    this.#wrap.style.setProperty("--c", color);
    this.#wrap.style.setProperty("--i", ink);
  }

  #mount(): void {
    if (this.#frame) return;
    this.#frame = document.createElement("iframe");
    this.#frame.className = "f";
    this.#frame.title = "Chat";
    this.#frame.referrerPolicy = "no-referrer";
    this.#frame.src = this.#address.href;
    this.#wrap.prepend(this.#frame);
    this.#await();
  }

  #await(): void {
    clearTimeout(this.#timer);
    if (this.#tries > 6) return;
    this.#timer = setTimeout(() => {
      if (this.#frame) this.#frame.src = this.#address.href;
      this.#await();
    }, PATIENCE * 2 ** this.#tries++);
  }

  #hear(report: Report | null): void {
    switch (report?.parley) {
      case "up":
        clearTimeout(this.#timer);
        this.#look = undefined;
        this.#tell("hello", false);
        break;
      case "look":
        this.#paint(report);
        break;
      case "close":
        this.close();
        break;
      case "gone":
        this.#element.hidden = this.#wrap.hidden = true;
        break;
      default:
    }
  }

  #paint(look: Extract<Report, { parley: "look" }>): void {
    const first = !this.#look;
    this.#look = look;
    this.#color(look.color, look.ink);
    this.#badge.hidden = !look.unread;
    this.#badge.textContent = look.unread > 99 ? "99+" : String(look.unread);
    this.#news.textContent = look.news;
    this.#label();
    if (!first) return;
    if (this.#wanted || this.#isOpen) this.open(this.#wanted);
    else if (look.open && !matchMedia(PHONE).matches) this.open(false);
  }

  #show(open: boolean): void {
    this.#isOpen = open;
    this.#wrap.classList.toggle("o", open);
    this.#button.ariaExpanded = String(open);
    this.#label();
  }

  #label(): void {
    const { name = "Chat", closeName = "Chat", news = "" } = this.#look ?? {};
    this.#button.ariaLabel = this.#isOpen ? closeName : name + (news && `, ${news}`);
  }

  #tell(parley: "hello" | "open", focus: boolean): void {
    const { direction } = getComputedStyle(this.#element);
    this.#post({ parley, focus, page: location.href, referrer: document.referrer, dir: direction });
  }

  #post(call: Call): void {
    this.#frame?.contentWindow?.postMessage(call, this.#address.origin);
  }
}

function icon(path: string): SVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const shape = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  shape.setAttribute("d", path);
  shape.setAttribute("fill", "currentColor");
  svg.append(shape);
  return svg;
}

/** Styles that no content security policy forbids; older browsers get them with the page's nonce. */
function adopt(root: ShadowRoot, nonce: string): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    root.adoptedStyleSheets = [sheet];
  } catch {
    const element = document.createElement("style");
    element.nonce = nonce;
    element.textContent = style;
    root.append(element);
  }
}

/** Calls back when the page has loaded and has nothing else to do. */
function whenIdle(work: () => void): void {
  // A browser without idle callbacks takes the options for no time at all.
  const wait = (): void => void (window.requestIdleCallback ?? setTimeout)(work, { timeout: 3_000 } as never);
  if (document.readyState === "complete") wait();
  else addEventListener("load", wait, { once: true });
}
