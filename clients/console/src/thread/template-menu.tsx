import { Button, Group, Menu, Skeleton, Stack, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { createConnectQueryKey, useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { IconDeviceFloppy, IconTemplate } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { ComposeService } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { IconButton } from "../ui/header.tsx";
import { FailureLine } from "../ui/states.tsx";
import type { ComposerState } from "./use-composer.ts";

const Templates = lazy(() => import("./templates-dialog.tsx"));

/** Begins with a template, or keeps what was written as one. */
export function TemplateMenu({ composer, recordType }: { composer: ComposerState; recordType: string }) {
  const t = useText();
  const { agent } = useServices();
  const [shown, setShown] = useState<"choose" | "save">();
  const close = (): void => setShown(undefined);
  const choose = <IconTemplate size={18} stroke={1.7} />;
  return (
    <>
      {agent ? (
        <Menu position="top-start">
          <Menu.Target><IconButton label={t("templates.label")}>{choose}</IconButton></Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconTemplate size={15} />} onClick={() => setShown("choose")}>{t("templates.choose")}</Menu.Item>
            <Menu.Item leftSection={<IconDeviceFloppy size={15} />} disabled={composer.body.trim() === ""} onClick={() => setShown("save")}>{t("templates.save")}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      ) : (
        <IconButton label={t("templates.choose")} onClick={() => setShown("choose")}>{choose}</IconButton>
      )}
      <Dialog opened={shown === "choose"} onClose={close} title={t("templates.label")} size={760}>
        <Suspense fallback={<Skeleton h={420} />}>
          <Templates
            threadId={composer.threadId}
            recordType={recordType}
            onUse={({ subject, body, unresolved, files }) => {
              close();
              const before = composer.body.trim() === "" ? "" : `${composer.body.trim()}\n\n`;
              const open = [...(composer.draft.unresolved ?? []), ...unresolved.map((one) => one.placeholder)];
              composer.replace({ body: before + body, subject: composer.draft.subject || subject, unresolved: [...new Set(open)] }, files);
              requestAnimationFrame(() => composer.field()?.focus());
            }}
          />
        </Suspense>
      </Dialog>
      <Dialog opened={shown === "save"} onClose={close} title={t("templates.save")} size="sm">
        <Save onClose={close} recordType={recordType} subject={composer.draft.subject ?? ""} body={composer.body.trim()} />
      </Dialog>
    </>
  );
}

function Save({ onClose, ...content }: { onClose: () => void; recordType: string; subject: string; body: string }) {
  const t = useText();
  const queries = useQueryClient();
  const [requestId] = useState(() => crypto.randomUUID());
  const create = useMutation(ComposeService.method.createMessageTemplate, {
    onSuccess: async ({ template }) => {
      onClose();
      notifications.show({ message: t("templates.saved", { name: template?.name ?? "" }) });
      await queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ComposeService.method.listMessageTemplates, cardinality: undefined }) });
    },
  });
  return <NameForm busy={create.isPending} error={create.error} onClose={onClose} onSave={(name) => create.mutate({ requestId, name, ...content })} />;
}

/** Asks for a template's name. */
export function NameForm({ busy, error, onSave, onClose }: { busy: boolean; error: unknown; onSave: (name: string) => void; onClose: () => void }) {
  const t = useText();
  const [name, setName] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") onSave(name.trim());
      }}
    >
      <Stack gap="sm">
        <TextInput data-autofocus label={t("templates.name")} maxLength={80} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        {error !== null && error !== undefined && <FailureLine error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>{t("action.cancel")}</Button>
          <Button type="submit" loading={busy} disabled={name.trim() === ""}>{t("action.save")}</Button>
        </Group>
      </Stack>
    </form>
  );
}
