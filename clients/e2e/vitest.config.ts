import { defineConfig } from "vitest/config";

/** Tests in a real browser, against the program as `make build` leaves it. They share two cores: one at a time. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*.test.ts"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
