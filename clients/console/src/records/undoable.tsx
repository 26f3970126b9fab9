import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useText } from "../intl/intl.tsx";

/** A notice of something that can be undone while the notice is there. */
export function Undoable({ id, text, onUndo }: { id: string; text: string; onUndo: () => void }) {
  const t = useText();
  return (
    <span style={{ display: "flex", alignItems: "center", gap: 12 }}>
      {text}
      <Button
        size="compact-xs"
        variant="light"
        onClick={() => {
          onUndo();
          notifications.hide(id);
        }}
      >
        {t("action.undo")}
      </Button>
    </span>
  );
}
