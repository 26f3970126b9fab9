import { Button, PasswordInput, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import { ConnectionKind, MessengerService, type Connection } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { CopyField } from "./copy-field.tsx";
import { SaveBar } from "./frame.tsx";
import classes from "./settings.module.css";

interface ConnectionDialogProps {
  /** The connection to change; unset for a new one. */
  connection?: Connection;
  onClose: () => void;
  onSaved: () => void;
}

const PATHS = ["name", "account", "sender", "base_url", "country"];

/** Adds a way to WhatsApp, or changes one. */
export function ConnectionDialog({ connection, onClose, onSaved }: ConnectionDialogProps) {
  const t = useText();
  const [requestId] = useState(() => crypto.randomUUID());
  const [made, setMade] = useState(connection);
  const [values, setValues] = useState({ name: connection?.name ?? "WhatsApp", account: connection?.account ?? "", sender: connection?.sender ?? "", baseUrl: connection?.baseUrl ?? "", country: connection?.country ?? "" });
  const [token, setToken] = useState("");
  const [appSecret, setAppSecret] = useState("");
  const set = (change: Partial<typeof values>): void => setValues((now) => ({ ...now, ...change }));
  const create = useMutation(MessengerService.method.createConnection, {
    onSuccess: (answer) => {
      onSaved();
      // What is to be entered at WhatsApp is known only now.
      setMade(answer.connection);
    },
  });
  const update = useMutation(MessengerService.method.updateConnection, {
    onSuccess: () => {
      onSaved();
      onClose();
    },
  });
  const fresh = connection === undefined && made !== undefined;

  function submit(): void {
    if (connection) update.mutate({ connection: { ...values, id: connection.id }, updateMask: { paths: PATHS }, token: token || undefined, appSecret: appSecret || undefined });
    else create.mutate({ requestId, connection: { ...values, kind: ConnectionKind.WHATSAPP }, token, appSecret });
  }

  return (
    <Dialog opened onClose={onClose} title={connection ? t("settings.edit", { name: connection.name }) : t("whatsapp.add")}>
      <Stack gap="sm">
        {!fresh && (
          <form onSubmit={(event) => { event.preventDefault(); submit(); }}>
            <Stack gap="sm">
              <TextInput label={t("settings.name")} required withAsterisk={false} maxLength={80} value={values.name} onChange={(event) => set({ name: event.currentTarget.value })} />
              <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
                <TextInput label={t("whatsapp.account")} inputMode="numeric" maxLength={40} value={values.account} onChange={(event) => set({ account: event.currentTarget.value.replace(/\D/gu, "") })} />
                <TextInput label={t("whatsapp.sender")} inputMode="numeric" maxLength={40} value={values.sender} onChange={(event) => set({ sender: event.currentTarget.value.replace(/\D/gu, "") })} />
              </SimpleGrid>
              <PasswordInput size="sm" label={t("whatsapp.token")} description={t("whatsapp.tokenHint")} autoComplete="off" placeholder={connection?.tokenSet ? t("settings.secretKept") : ""} maxLength={2000} value={token} onChange={(event) => setToken(event.currentTarget.value)} />
              <PasswordInput size="sm" label={t("whatsapp.secret")} description={t("whatsapp.secretHint")} autoComplete="off" placeholder={connection?.appSecretSet ? t("settings.secretKept") : ""} maxLength={200} value={appSecret} onChange={(event) => setAppSecret(event.currentTarget.value)} />
              <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
                <TextInput label={t("whatsapp.country")} description={t("whatsapp.countryHint")} placeholder="SE" maxLength={2} value={values.country} onChange={(event) => set({ country: event.currentTarget.value.toUpperCase().replace(/[^A-Z]/gu, "") })} />
                <TextInput label={t("whatsapp.baseUrl")} description={t("whatsapp.baseUrlHint")} maxLength={500} value={values.baseUrl} onChange={(event) => set({ baseUrl: event.currentTarget.value.trim() })} />
              </SimpleGrid>
              <SaveBar error={create.error ?? update.error} busy={create.isPending || update.isPending} disabled={values.name.trim() === ""} onCancel={onClose} />
            </Stack>
          </form>
        )}
        {made && made.webhookPath !== "" && (
          <div className={classes.planItem}>
            <Stack gap="xs">
              <Text size="sm">{t("whatsapp.webhookHint")}</Text>
              <CopyField label={t("whatsapp.webhook")} value={`${location.origin}${made.webhookPath}`} />
              {made.verifyToken !== "" && <CopyField label={t("whatsapp.verify")} value={made.verifyToken} />}
            </Stack>
          </div>
        )}
        {fresh && <Button onClick={onClose}>{t("action.close")}</Button>}
      </Stack>
    </Dialog>
  );
}
