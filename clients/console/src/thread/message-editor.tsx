import { Button, Group } from "@mantine/core";
import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import { ChatterService, TextFormat, type Message } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { FailureLine } from "../ui/states.tsx";
import { TextField } from "./text-field.tsx";
import classes from "./thread.module.css";

/** A message's text, to be changed in the form it has. Escape leaves it as it was. */
export function MessageEditor({ message, onClose }: { message: Message; onClose: () => void }) {
  const t = useText();
  const { cache } = useServices();
  const [body, setBody] = useState(message.body);
  const edit = useMutation(ChatterService.method.editMessage, {
    onSuccess: (answer) => {
      if (answer.message) cache.message(answer.message);
      onClose();
    },
  });
  const save = (): void => {
    if (body.trim() === message.body) onClose();
    else if (body.trim() !== "") edit.mutate({ threadId: message.threadId, messageId: message.id, body: body.trim() });
  };
  return (
    <div className={classes.editor}>
      {/* oxlint-disable-next-line jsx-a11y/no-autofocus -- the user has just asked to edit */}
      <TextField label={t("message.edit")} body={body} markdown={message.format === TextFormat.MARKDOWN} autoFocus onChange={setBody} onSave={save} onEscape={onClose} />
      {edit.error && <FailureLine error={edit.error} />}
      <Group gap="xs" justify="flex-end">
        <Button variant="default" onClick={onClose}>{t("action.cancel")}</Button>
        <Button onClick={save} loading={edit.isPending} disabled={body.trim() === ""}>{t("action.save")}</Button>
      </Group>
    </div>
  );
}
