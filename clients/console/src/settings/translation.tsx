import { create } from "@bufbuild/protobuf";
import { Button, Group, PasswordInput, Select, TextInput } from "@mantine/core";
import { createConnectQueryKey, useMutation, useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { GetTranslationSettingsResponseSchema, Role, TranslationProvider, TranslationService, type TranslationSettings } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Frame, SaveBar, Section, useSavedNotice } from "./frame.tsx";

/** Who translates messages. */
export function TranslationPage() {
  const t = useText();
  const query = useQuery(TranslationService.method.getTranslationSettings, {});
  return (
    <Frame title={t("settings.translation")} hint={t("translation.hint")} role={Role.ADMINISTRATOR} query={query}>
      {query.data && <Form settings={query.data.settings} />}
    </Frame>
  );
}

function Form({ settings }: { settings: TranslationSettings | undefined }) {
  const t = useText();
  const queries = useQueryClient();
  const saved = useSavedNotice();
  const [provider, setProvider] = useState(settings?.provider ?? TranslationProvider.UNSPECIFIED);
  const [baseUrl, setBaseUrl] = useState(settings?.baseUrl ?? "");
  const [key, setKey] = useState("");
  const none = provider === TranslationProvider.UNSPECIFIED;
  const libre = provider === TranslationProvider.LIBRE_TRANSLATE;
  const save = useMutation(TranslationService.method.updateTranslationSettings, {
    onSuccess: (answer) => {
      queries.setQueryData(createConnectQueryKey({ schema: TranslationService.method.getTranslationSettings, input: {}, cardinality: "finite" }), create(GetTranslationSettingsResponseSchema, { settings: answer.settings }));
      setKey("");
      saved();
    },
  });
  const send = (secret: string | undefined): void => save.mutate({ settings: { provider, baseUrl: none ? "" : baseUrl.trim() }, key: secret });
  return (
    <form onSubmit={(event) => { event.preventDefault(); send(none ? "" : key === "" ? undefined : key); }}>
      <Section title={t("translation.provider")}>
        <Select
          size="sm"
          maw={360}
          aria-label={t("translation.provider")}
          allowDeselect={false}
          data={[
            { value: String(TranslationProvider.UNSPECIFIED), label: t("translation.nobody") },
            { value: String(TranslationProvider.GOOGLE), label: "Google Cloud Translation" },
            { value: String(TranslationProvider.LIBRE_TRANSLATE), label: "LibreTranslate" },
          ]}
          value={String(provider)}
          onChange={(value) => setProvider(Number(value))}
        />
        {!none && (
          <>
            <TextInput label={t("translation.baseUrl")} description={libre ? t("translation.baseUrlLibre") : t("translation.baseUrlGoogle")} placeholder={libre ? "https://translate.example.com" : ""} required={libre} withAsterisk={false} maxLength={500} value={baseUrl} onChange={(event) => setBaseUrl(event.currentTarget.value)} />
            <Group align="end" gap="sm" wrap="nowrap">
              <PasswordInput flex={1} size="sm" label={t("translation.key")} autoComplete="off" placeholder={settings?.keySet ? t("settings.secretKept") : libre ? t("translation.keyOptional") : ""} maxLength={1000} value={key} onChange={(event) => setKey(event.currentTarget.value)} />
              {settings?.keySet && <Button variant="default" size="sm" loading={save.isPending} onClick={() => send("")}>{t("translation.removeKey")}</Button>}
            </Group>
          </>
        )}
      </Section>
      <SaveBar error={save.error} busy={save.isPending} />
    </form>
  );
}
