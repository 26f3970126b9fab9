// Photographs the widget in its states, light and dark, wide and narrow, and asks
// axe about each: `npm run look --workspace clients/widget -- FOLDER`.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";
import { Fixture } from "./fixture.mjs";

const folder = resolve(process.argv[2] ?? "look-out");
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const only = process.argv[3] ?? "";
let violations = 0;

const say = (text) => process.stdout.write(`${text}\n`);

async function scene(name, options, widget, play) {
  if (!name.includes(only)) return;
  const fixture = new Fixture(widget);
  fixture.dir = options.dir;
  await fixture.listen();
  const context = await browser.newContext({
    viewport: options.narrow ? { width: 360, height: 740 } : { width: 1100, height: 760 },
    colorScheme: options.dark ? "dark" : "light",
    locale: options.locale ?? "en-GB",
    deviceScaleFactor: 1.5,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && say(`  ${name}: console: ${message.text()}`));
  page.on("pageerror", (error) => say(`  ${name}: error: ${error.message}`));
  page.setDefaultTimeout(8_000);
  await page.goto(`${fixture.url}/demo/${options.path ?? ""}`);
  const launcher = page.locator("parley-widget button.l");
  await launcher.waitFor();
  const panel = page.frameLocator("parley-widget iframe");
  try {
    await play({ fixture, page, panel, launcher, context });
    await page.screenshot({ path: join(folder, `${name}.png`) });
    const { violations: found } = await new AxeBuilder({ page }).analyze();
    violations += found.length;
    for (const { id, nodes } of found) say(`  ${name}: axe: ${id}: ${nodes.map((node) => JSON.stringify(node.target) + " " + node.html.slice(0, 120)).join("; ")}`);
    say(`${name}: ok`);
  } catch (error) {
    violations++;
    await page.screenshot({ path: join(folder, `${name}-failed.png`) });
    say(`${name}: ${error.stack}`);
  }
  await context.close();
  fixture.close();
}

async function talk({ fixture, panel, launcher }) {
  await launcher.click();
  const input = panel.getByRole("textbox", { name: /message|nachricht|mensaje/i });
  await input.fill("Hi, do you sharpen secateurs, or do I need a new blade?");
  await input.press("Enter");
  await panel.getByText(/^Sent$|^Gesendet$|^Enviado$/).waitFor();
  fixture.system("OPERATOR_JOINED", "Lena");
  fixture.say("Hello. We do both: sharpening takes two days, a new blade is £9 and you can change it yourself.");
  fixture.say("Which model do you have? See https://fernhill.example/tools/secateurs-no-8.");
  await panel.getByText("Which model do you have").waitFor();
  await input.fill("The No. 8");
  await input.press("Enter");
  await input.fill("Ten years old, and it deserves it.");
  await input.press("Enter");
  await panel.getByText("deserves it").waitFor();
  await panel.locator(".said.own").last().getByText(/Sent|Gesendet|Enviado/).waitFor();
  fixture.read();
  await panel.getByText(/^Read$|^Gelesen$|^Leído$/).waitFor();
}

// A picture with something on it, made by the browser.
async function picture(page) {
  const data = await page.evaluate(() => {
    const canvas = document.createElement("canvas");
    canvas.width = 800;
    canvas.height = 600;
    const draw = canvas.getContext("2d");
    const sky = draw.createLinearGradient(0, 0, 0, 600);
    sky.addColorStop(0, "#9ec5d8");
    sky.addColorStop(1, "#e9efe0");
    draw.fillStyle = sky;
    draw.fillRect(0, 0, 800, 600);
    draw.fillStyle = "#5f7f58";
    draw.beginPath();
    draw.ellipse(400, 620, 560, 220, 0, 0, 7);
    draw.fill();
    return canvas.toDataURL("image/png").split(",")[1];
  });
  return Buffer.from(data, "base64");
}

const themes = [["light", {}], ["dark", { dark: true }], ["narrow", { narrow: true }], ["narrow-dark", { narrow: true, dark: true }]];
for (const [theme, options] of themes) {
  await scene(`launcher-${theme}`, options, {}, async () => {});
  await scene(`first-${theme}`, options, {}, async ({ launcher, panel }) => {
    await launcher.click();
    await panel.getByText("What can we help you grow").waitFor();
  });
  await scene(`away-${theme}`, options, { online: false }, async ({ launcher, panel }) => {
    await launcher.click();
    await panel.getByLabel(/e-mail/i).waitFor();
  });
  await scene(`talk-${theme}`, options, {}, async (stage) => {
    await talk(stage);
    stage.fixture.typing();
    await stage.panel.locator(".typing").waitFor();
  });
  await scene(`files-${theme}`, options, { maxFileSize: String(3 << 20) }, async (stage) => {
    const { fixture, panel, page } = stage;
    await talk(stage);
    const bytes = await picture(page);
    fixture.say("", { files: [fixture.attachment("bench.png", "image/png", bytes), fixture.attachment("Price list, spring and summer, trade.pdf", "application/pdf", Buffer.alloc(284_113))] });
    fixture.slowParts = [];
    await panel.locator("input[type=file]").setInputFiles([
      { name: "secateurs.png", mimeType: "image/png", buffer: bytes },
      { name: "huge.zip", mimeType: "application/zip", buffer: Buffer.alloc(4 << 20) },
    ]);
    await panel.getByText(/Too big/).waitFor();
    await panel.locator(".picture img").waitFor();
  });
  await scene(`ended-${theme}`, options, {}, async (stage) => {
    await talk(stage);
    stage.fixture.say("Then bring it by on Saturday, we sharpen while you have coffee.");
    stage.fixture.system("OPERATOR_LEFT", "Lena");
    stage.fixture.system("CHAT_CLOSED");
    await stage.panel.getByRole("button", { name: "Chat again" }).waitFor();
  });
  await scene(`failed-${theme}`, options, {}, async (stage) => {
    const { fixture, panel } = stage;
    await talk(stage);
    const refuse = fixture.doPostMessage;
    fixture.doPostMessage = () => ({ code: "internal", message: "broken" });
    const input = panel.getByRole("textbox", { name: "Message" });
    await input.fill("This one is refused");
    await input.press("Enter");
    await panel.getByRole("button", { name: "Try again" }).waitFor();
    fixture.doPostMessage = refuse;
    const edited = fixture.say("Saturday from 9");
    fixture.change(edited, { body: "Saturday from 10", editTime: new Date().toISOString() });
    const deleted = fixture.say("wrong chat, sorry");
    fixture.change(deleted, { body: "", deleteTime: new Date().toISOString() });
    await panel.getByText("Message deleted").waitFor();
    fixture.cut(true);
    await input.fill("And this one waits");
    await input.press("Enter");
    await panel.getByText(/Connecting/).waitFor({ timeout: 15_000 });
  });
}
await scene("german", { locale: "de-DE" }, { online: false, welcomeText: "" }, async (stage) => {
  await talk(stage);
});
await scene("spanish-narrow", { locale: "es-ES", narrow: true }, { online: false, color: "#f2b93a" }, async ({ launcher, panel }) => {
  await launcher.click();
  await panel.getByText("Déjenos un mensaje").waitFor();
});
await scene("rtl", { dir: "rtl" }, { color: "#7c3aed", title: "متجر الحديقة", welcomeText: "أهلًا وسهلًا، كيف يمكننا مساعدتكم؟" }, async (stage) => {
  await talk(stage);
  stage.fixture.say("يمكنكم زيارتنا يوم السبت.");
  await stage.panel.getByText("السبت").waitFor();
});
await scene("badge", {}, {}, async (stage) => {
  const { fixture, page, panel, launcher } = stage;
  await talk(stage);
  await panel.getByRole("button", { name: "Close chat" }).click();
  fixture.say("One more thing: we are closed on Monday.");
  fixture.say("And the blade is in stock.");
  await page.locator("parley-widget .b").getByText("2").waitFor();
  const name = await launcher.getAttribute("aria-label");
  if (name !== "Open chat, 2 new messages") throw new Error(`the launcher is called ${name}`);
});
await scene("new-line", {}, {}, async (stage) => {
  const { fixture, panel, launcher, page } = stage;
  await talk(stage);
  await panel.getByRole("textbox", { name: "Message" }).press("Escape");
  const focused = await page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.className);
  if (focused !== "l") throw new Error(`the focus is on ${focused} after Escape`);
  fixture.say("One more thing: we are closed on Monday.");
  await page.locator("parley-widget .b").getByText("1").waitFor();
  await launcher.click();
  await panel.getByText("New", { exact: true }).waitFor();
});
await browser.close();
say(violations ? `${violations} found` : "nothing found");
process.exitCode = violations ? 1 : 0;
