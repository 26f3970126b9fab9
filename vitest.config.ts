import { defineConfig } from "vitest/config";

/** The unit tests of all workspaces; those in browsers are in clients/e2e. */
export default defineConfig({
  test: {
    projects: ["clients/ts", "clients/console", "clients/widget"],
    passWithNoTests: true,
  },
});
