import { useHotkeys } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useKeys } from "../keys/keys.tsx";
import { usePanels } from "./panels.tsx";

/** The shortcuts that work on every page. */
export function ShellKeys() {
  const navigate = useNavigate();
  const { open } = usePanels();
  // Asked for with Ctrl or Cmd, so it works inside inputs, and with shortcuts off.
  useHotkeys([["mod+K", () => open("palette")]], [], true);
  useKeys({
    "g i": () => void navigate({ to: "/inbox" }),
    "g c": () => void navigate({ to: "/chats" }),
    "g a": () => void navigate({ to: "/activities" }),
    "g r": () => void navigate({ to: "/records" }),
    // Pages with a search of their own go there instead.
    "/": () => open("palette"),
    "?": () => open("help"),
  });
  return null;
}
