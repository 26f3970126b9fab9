import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env["PARLEY_URL"] ?? "http://localhost:8080";

export default defineConfig({
  base: "/console/",
  plugins: [react()],
  build: {
    outDir: "../../server/web/dist/console",
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 700,
    // Fonts and images stay files: the server's content security policy
    // allows no data addresses for them.
    assetsInlineLimit: 0,
  },
  server: {
    port: 5173,
    proxy: {
      "^/(parley\\.|files/)": { target: server, changeOrigin: true },
    },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/fixture/setup.ts"],
    css: false,
  },
});
