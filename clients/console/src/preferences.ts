import { useLocalStorage } from "@mantine/hooks";

/** What a user sets for this browser. */
export interface Preferences {
  /** Single-key shortcuts. */
  keys: boolean;
  /** What sends a message: Enter, or Ctrl/Cmd+Enter only. */
  sendWith: "enter" | "mod";
  /** Language tag, or empty for the user's own. */
  locale: string;
}

const DEFAULTS: Preferences = { keys: true, sendWith: "enter", locale: "" };

/** The preferences, kept in this browser. */
export function usePreferences(): [Preferences, (change: Partial<Preferences>) => void] {
  const [stored, setStored] = useLocalStorage<Partial<Preferences>>({
    key: "parley.preferences",
    defaultValue: {},
    getInitialValueInEffect: false,
  });
  const preferences = { ...DEFAULTS, ...stored };
  return [preferences, (change) => setStored({ ...preferences, ...change })];
}
