import { defineConfig } from "vitest/config";

const server = process.env["PARLEY_URL"] ?? "http://localhost:8080";

/** The panel: a page of its own in the widget's iframe. */
export default defineConfig({
  base: "/widget/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../../server/web/dist/widget",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: { input: "panel.html" },
  },
  server: {
    port: 5174,
    proxy: { "^/(parley\\.|files/)": { target: server, changeOrigin: true } },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
  },
});
