import { Button, Group, Stack, Text } from "@mantine/core";
import { useText } from "../intl/intl.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { FailureLine } from "../ui/states.tsx";

interface AskProps {
  title: string;
  hint: string;
  /** What the button says. */
  action: string;
  busy: boolean;
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something is gone for good. */
export function Ask({ title, hint, action, busy, error, onConfirm, onClose }: AskProps) {
  const t = useText();
  return (
    <Dialog opened onClose={onClose} title={title} size="sm">
      <Stack gap="md">
        <Text>{hint}</Text>
        {error !== null && error !== undefined && <FailureLine error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" data-autofocus onClick={onClose}>{t("action.cancel")}</Button>
          <Button color="red" loading={busy} onClick={onConfirm}>{action}</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
