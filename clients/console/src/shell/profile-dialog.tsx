import { Button, Group, Select, Stack, Switch, TextInput } from "@mantine/core";
import { createConnectQueryKey, useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { IdentityService } from "../api/contract.ts";
import { Dialog } from "../ui/dialog.tsx";
import { useText } from "../intl/intl.tsx";
import { LANGUAGES } from "../intl/locale.ts";
import { usePreferences, type Preferences } from "../preferences.ts";
import { useServices } from "../services.tsx";
import { FailureLine } from "../ui/states.tsx";

/** What users set for themselves. */
export default function ProfileDialog({ onClose }: { onClose: () => void }) {
  const t = useText();
  const { me } = useServices();
  const queries = useQueryClient();
  const [preferences, setPreferences] = usePreferences();
  const [name, setName] = useState(me.name);
  const [chatName, setChatName] = useState(me.chatName);
  const save = useMutation(IdentityService.method.updateUser, {
    onSuccess: async () => {
      await queries.invalidateQueries({
        queryKey: createConnectQueryKey({ schema: IdentityService.method.getCaller, cardinality: undefined }),
      });
      onClose();
    },
  });

  function submit(): void {
    save.mutate({
      user: { id: me.id, name: name.trim(), chatName: chatName.trim() },
      updateMask: { paths: ["name", "chat_name"] },
    });
  }

  return (
    <Dialog opened onClose={onClose} title={t("profile.settings")}>
      <form onSubmit={(event) => { event.preventDefault(); submit(); }}>
        <Stack gap="md">
          <TextInput label={t("profile.name")} value={name} onChange={(event) => setName(event.currentTarget.value)} required withAsterisk={false} maxLength={120} />
          <TextInput
            label={t("profile.chatName")}
            description={t("profile.chatNameHint")}
            placeholder={name}
            value={chatName}
            onChange={(event) => setChatName(event.currentTarget.value)}
            maxLength={120}
          />
          <Select
            label={t("profile.language")}
            size="sm"
            allowDeselect={false}
            value={preferences.locale}
            onChange={(value) => setPreferences({ locale: value ?? "" })}
            data={[
              { value: "", label: t("profile.languageAuto") },
              ...Object.entries(LANGUAGES).map(([value, label]) => ({ value, label })),
            ]}
          />
          <Select
            label={t("profile.sendWith")}
            size="sm"
            allowDeselect={false}
            value={preferences.sendWith}
            onChange={(value) => setPreferences({ sendWith: toSendWith(value) })}
            data={[
              { value: "enter", label: t("profile.sendWithEnter") },
              { value: "mod", label: t("profile.sendWithMod") },
            ]}
          />
          <Switch
            label={t("profile.keys")}
            description={t("profile.keysHint")}
            checked={preferences.keys}
            onChange={(event) => setPreferences({ keys: event.currentTarget.checked })}
          />
          {save.error && <FailureLine error={save.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>{t("action.cancel")}</Button>
            <Button type="submit" loading={save.isPending}>{t("action.save")}</Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

function toSendWith(value: string | null): Preferences["sendWith"] {
  return value === "mod" ? "mod" : "enter";
}
