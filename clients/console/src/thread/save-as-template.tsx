import { notifications } from "@mantine/notifications";
import { createConnectQueryKey, useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ComposeService, type Message } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { NameForm } from "./template-menu.tsx";

/** Makes a template of a message that was sent. */
export function SaveAsTemplate({ message, onClose }: { message: Message; onClose: () => void }) {
  const t = useText();
  const queries = useQueryClient();
  const [requestId] = useState(() => crypto.randomUUID());
  const save = useMutation(ComposeService.method.saveMessageAsTemplate, {
    onSuccess: async ({ template }) => {
      onClose();
      notifications.show({ message: t("templates.saved", { name: template?.name ?? "" }) });
      await queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ComposeService.method.listMessageTemplates, cardinality: undefined }) });
    },
  });
  return (
    <Dialog opened onClose={onClose} title={t("templates.saveMessage")} size="sm">
      <NameForm busy={save.isPending} error={save.error} onClose={onClose} onSave={(name) => save.mutate({ requestId, threadId: message.threadId, messageId: message.id, name })} />
    </Dialog>
  );
}
