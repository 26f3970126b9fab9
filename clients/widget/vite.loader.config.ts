import { defineConfig } from "vite";

/** The script of the website: one classic file that leaves no names behind. */
export default defineConfig({
  build: {
    outDir: "../../server/web/dist/widget",
    emptyOutDir: false,
    target: "es2022",
    lib: { entry: "src/loader/loader.ts", formats: ["iife"], name: "parley", fileName: () => "loader.js" },
  },
});
