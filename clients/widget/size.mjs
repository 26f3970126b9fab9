// Fails when the widget has grown too big. What counts is what a browser loads,
// gzip -9, in KB of 1,024 bytes: nothing else on a website may cost less thought.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("../../server/web/dist/widget/", import.meta.url);
if (!existsSync(new URL("loader.js", dist))) {
  process.stderr.write("The widget is not built: run make build first.\n");
  process.exit(1);
}
const assets = readdirSync(new URL("assets/", dist)).filter((name) => /\.(js|css)$/.test(name));
const size = (name) => gzipSync(readFileSync(new URL(name, dist)), { level: 9 }).length / 1024;
const sum = (names) => names.reduce((total, name) => total + size(name), 0);
const words = assets.filter((name) => /^(de|en|es|it|sv|uk|zh)-/.test(name)).map((name) => `assets/${name}`);
const largest = Math.max(...words.map(size)); // a visitor loads one language
const entry = [...readFileSync(new URL("panel.html", dist), "utf8").matchAll(/"\/widget\/(assets\/[^"]+)"/g)].map((match) => match[1]);
const rest = assets.map((name) => `assets/${name}`).filter((name) => !words.includes(name));

const budget = [
  ["loader", size("loader.js"), 2.5],
  ["launcher, with all that runs before the panel is opened", size("loader.js") + size("panel.html") + sum(entry) + largest, 8],
  ["opened panel, script and style in all", sum(rest) + largest, 28],
];
let failed = false;
for (const [name, kilobytes, most] of budget) {
  const over = kilobytes > most;
  failed ||= over;
  process.stdout.write(`${over ? "TOO BIG" : "ok"}  ${kilobytes.toFixed(2)} of ${most} KB  ${name}\n`);
}
process.exitCode = failed ? 1 : 0;
