import { Alert, Button, Group, Select, Skeleton, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useDebouncedValue } from "@mantine/hooks";
import { IconAlertTriangle, IconBrandWhatsapp } from "@tabler/icons-react";
import { useState } from "react";
import { ChatterService, MessengerService, PartyKind, type WhatsAppTemplate } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { Failure, FailureLine } from "../ui/states.tsx";
import { Body } from "./body.tsx";
import classes from "./message.module.css";

/** Picks an approved template and a contact, shows what would be sent, and sends it. */
export default function WhatsApp({ threadId, templates, onClose }: { threadId: string; templates: WhatsAppTemplate[]; onClose: () => void }) {
  const t = useText();
  const [templateId, setTemplateId] = useState(templates[0]?.id ?? null);
  const contacts = useContacts(threadId);
  const [chosen, setChosen] = useState<string | null>(null);
  const contactId = chosen ?? contacts.first;
  return (
    <Stack gap="sm">
      <Select
        label={t("whatsapp.template")}
        allowDeselect={false}
        data={templates.map((one) => ({ value: one.id, label: `${one.name} (${one.language})` }))}
        value={templateId}
        onChange={setTemplateId}
      />
      <Select
        label={t("whatsapp.contact")}
        searchable
        allowDeselect={false}
        data={contacts.options}
        value={contactId}
        onSearchChange={contacts.search}
        onChange={setChosen}
        nothingFoundMessage={t("whatsapp.noContact")}
        filter={({ options }) => options}
      />
      {templateId && contactId ? (
        <Preview key={`${templateId}/${contactId}`} threadId={threadId} templateId={templateId} contactId={contactId} onClose={onClose} />
      ) : (
        <Text size="xs" c="dimmed">{t("whatsapp.choose")}</Text>
      )}
    </Stack>
  );
}

/** Contacts to send to: the record's own first, others by what is typed. */
function useContacts(threadId: string) {
  const [query, setQuery] = useState("");
  const [settled] = useDebouncedValue(query.trim(), 150);
  const own = useQuery(ChatterService.method.previewRecipients, { threadId }, { staleTime: 20_000 });
  const found = useQuery(ChatterService.method.suggestParties, { query: settled, pageSize: 20 }, { placeholderData: keepPreviousData });
  const parties = [
    ...(own.data?.recipients ?? []).flatMap(({ party }) => (party ? [party] : [])),
    ...(found.data?.parties ?? []).flatMap(({ party }) => (party ? [party] : [])),
  ].filter((party) => party.kind === PartyKind.CONTACT);
  const options = [...new Map(parties.map((party) => [party.id, { value: party.id, label: party.name }])).values()];
  const first = own.data?.recipients.find(({ party }) => party?.kind === PartyKind.CONTACT)?.party?.id ?? null;
  return { options, first, search: setQuery };
}

function Preview({ threadId, templateId, contactId, onClose }: { threadId: string; templateId: string; contactId: string; onClose: () => void }) {
  const t = useText();
  const { cache } = useServices();
  const [requestId] = useState(() => crypto.randomUUID());
  const ids = { threadId, templateId, contactId };
  const { data, error, refetch } = useQuery(MessengerService.method.previewWhatsApp, ids, { staleTime: 0 });
  const send = useMutation(MessengerService.method.sendWhatsApp, {
    onSuccess: (answer) => {
      if (answer.message) cache.message(answer.message);
      onClose();
    },
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton h={120} />;
  return (
    <Stack gap="sm">
      <div className={classes.phone}>
        {data.header !== "" && <Text fw={600}>{data.header}</Text>}
        <Body text={data.body} mentions={[]} />
        {data.footer !== "" && <Text size="xs" c="dimmed" mt={4}>{data.footer}</Text>}
        {data.buttons.map((button) => <div key={button} className={classes.phoneButton}>{button}</div>)}
      </div>
      {data.problems.map((problem) => (
        <Alert key={`${problem.reason}${problem.parameter}`} color="amber" p="xs" icon={<IconAlertTriangle size={16} />}><Text size="xs">{problem.message}</Text></Alert>
      ))}
      {send.error && <FailureLine error={send.error} />}
      <Group justify="space-between">
        <Text size="xs" c="dimmed">{data.phone === "" ? "" : t("whatsapp.to", { name: data.contact?.name ?? "", phone: data.phone })}</Text>
        <Group gap="xs">
          <Button variant="default" onClick={onClose}>{t("action.cancel")}</Button>
          <Button leftSection={<IconBrandWhatsapp size={16} />} loading={send.isPending} disabled={data.problems.length > 0} onClick={() => send.mutate({ requestId, ...ids })}>{t("whatsapp.send")}</Button>
        </Group>
      </Group>
    </Stack>
  );
}
