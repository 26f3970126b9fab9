/**
 * The panel's program before it is opened: what the launcher shows. The
 * conversation comes when there is one, or at the first opening; all that is seen
 * in the panel comes with the first opening.
 */
import type { Call, Report } from "./bridge.ts";
import { inkOn, readable, TEAL } from "./core/color.ts";
import type { Conversation } from "./core/conversation.ts";
import { Host } from "./core/host.ts";
import { Store } from "./core/store.ts";
import { usable, Vault } from "./core/vault.ts";
import { learnWidget } from "./core/widget.ts";
import { Client } from "./rpc/client.ts";
import { loadWords } from "./words/load.ts";
import type { Words } from "./words/words.ts";

const channel = new URLSearchParams(location.search).get("channel") ?? "";
const session = usable(() => sessionStorage);
const vault = new Vault(channel, usable(() => localStorage));
const openKey = `${vault.key}.open`;
const store = new Store();
const client = new Client(new URL("/", location.href).href, (url, options) => fetch(url, options));
const place = { page: "", referrer: "" };
const host = new Host(hear);
let words: Words | undefined;
let talking: Promise<Conversation> | undefined;
let unread = (): number => 0;
let focus: Promise<() => void> | undefined;
let told = "";
let wasOpen = session?.getItem(openKey) === "1";

void begin();

async function begin(): Promise<void> {
  host.tell({ parley: "up" });
  const [known, loaded] = await Promise.all([learnWidget(client, channel, store), loadWords(navigator.languages)]);
  if (!known) return host.tell({ parley: "gone" });
  words = loaded.words;
  document.documentElement.lang = loaded.language;
  store.watch(tell);
  paint();
  tell();
  const { token, outbox } = vault.read();
  if (token || outbox.length > 0) void talk();
  if (!host.framed) hear({ parley: "open", page: location.href, referrer: document.referrer, dir: "", focus: true });
}

function hear(call: Call): void {
  switch (call.parley) {
    case "open":
    case "hello":
      place.page = call.page.slice(0, 2000);
      place.referrer = call.referrer.slice(0, 2000);
      if (call.dir) document.documentElement.dir = call.dir;
      if (call.parley === "open") void open(call.focus);
      break;
    case "close":
      void shut();
      break;
    case "logout":
      void talk().then((conversation) => conversation.leave());
      break;
    default:
  }
}

/** The conversation, begun when it is first needed. */
function talk(): Promise<Conversation> {
  talking ??= import("./core/conversation.ts").then((module) => {
    const conversation = new module.Conversation(channel, client, store, vault, place);
    unread = () => conversation.unread;
    void conversation.start();
    return conversation;
  });
  return talking;
}

async function open(wantsFocus: boolean): Promise<void> {
  session?.setItem(openKey, "1");
  focus ??= draw();
  const [conversation, focused] = await Promise.all([talk(), focus]);
  if (session && !session.getItem(openKey)) return; // closed meanwhile
  conversation.setOpen(true);
  if (wantsFocus) focused();
}

async function draw(): Promise<() => void> {
  const [conversation, { mount }] = await Promise.all([talk(), import("./view/mount.tsx")]);
  if (!words) throw new Error("the panel was opened before it was ready");
  return mount({ conversation, store, words, session, close: () => host.tell({ parley: "close" }), framed: host.framed });
}

async function shut(): Promise<void> {
  session?.removeItem(openKey);
  (await talking)?.setOpen(false);
}

/** Tells the website what the launcher shows, when that has changed. */
function tell(): void {
  const { widget, open: isOpen } = store.state;
  if (!words || !widget) return;
  const count = isOpen ? 0 : unread();
  const color = widget.color || TEAL;
  const report: Report = {
    parley: "look",
    color,
    ink: inkOn(color),
    unread: count,
    name: words.openChat,
    closeName: words.closeChat,
    news: count ? words.news(count) : "",
    open: wasOpen,
  };
  const text = JSON.stringify(report);
  if (text === told) return;
  told = text;
  wasOpen = false;
  host.tell(report);
}

/** Gives the panel the channel's colour, and one that can be read on bubbles, light and dark. */
function paint(): void {
  const color = store.state.widget?.color || TEAL;
  const { style } = document.documentElement;
  style.setProperty("--brand", color);
  style.setProperty("--brand-ink", inkOn(color));
  style.setProperty("--accent-light", readable(color, "#eef1f3"));
  style.setProperty("--accent-dark", readable(color, "#252d34"));
}
