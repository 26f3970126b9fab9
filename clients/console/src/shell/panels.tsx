import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from "react";

/** What can be opened over any page. */
export type Panel = "palette" | "help" | "profile";

interface Panels {
  panel: Panel | undefined;
  open: (panel: Panel) => void;
  close: () => void;
}

const Context = createContext<Panels | null>(null);

export function PanelsProvider({ children }: { children: ReactNode }) {
  const [panel, setPanel] = useState<Panel>();
  const close = useCallback(() => setPanel(undefined), []);
  const value = useMemo(() => ({ panel, open: setPanel, close }), [panel, close]);
  return <Context value={value}>{children}</Context>;
}

export function usePanels(): Panels {
  const panels = useContext(Context);
  if (!panels) throw new Error("panels are there only within the shell");
  return panels;
}
