import { Alert, Text } from "@mantine/core";
import { IconAlertCircle, IconCircleCheck } from "@tabler/icons-react";
import { toFault } from "../api/fault.ts";

/** What another server answered when ours asked it: in its words, where it has some. */
export function Answer({ error, done }: { error: unknown; done?: string }) {
  if (error === null || error === undefined) {
    return done === undefined ? null : (
      <Alert color="green" variant="light" p="xs" icon={<IconCircleCheck size={16} />} role="status"><Text size="sm">{done}</Text></Alert>
    );
  }
  const { message } = toFault(error);
  return (
    <Alert color="red" variant="light" p="xs" icon={<IconAlertCircle size={16} />} role="alert"><Text size="sm">{message.charAt(0).toLocaleUpperCase() + message.slice(1)}</Text></Alert>
  );
}
