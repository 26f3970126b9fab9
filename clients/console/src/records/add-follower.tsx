import { Button, Checkbox, Skeleton, Stack, Text, Textarea, TextInput, UnstyledButton } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { ChatterService, PartyKind, type Party, type PartySuggestion, type Subtype } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { PartyFace } from "../ui/person.tsx";
import { FailureLine } from "../ui/states.tsx";
import { SubtypeChecks } from "./subtype-checks.tsx";
import { defaultSubtypes, subtypesFor } from "./subtypes.ts";
import records from "./records.module.css";
import classes from "./side.module.css";

interface AddFollowerProps {
  threadId: string;
  subtypes: Subtype[];
  onClose: () => void;
  onAdded: () => Promise<void>;
}

/** Finds somebody, then says what they are told of and whether they are invited. */
export function AddFollower(props: AddFollowerProps) {
  const t = useText();
  const [chosen, setChosen] = useState<Party>();
  return (
    <Dialog opened onClose={props.onClose} title={chosen ? t("follow.addName", { name: chosen.name }) : t("follow.add")}>
      {chosen ? <Terms {...props} party={chosen} onBack={() => setChosen(undefined)} /> : <Find onChoose={setChosen} />}
    </Dialog>
  );
}

function Find({ onChoose }: { onChoose: (party: Party) => void }) {
  const t = useText();
  const [query, setQuery] = useState("");
  const [settled] = useDebouncedValue(query.trim(), 150);
  const { data, error } = useQuery(ChatterService.method.suggestParties, { query: settled, pageSize: 8 }, { placeholderData: keepPreviousData });
  return (
    <Stack gap="xs" mih={320}>
      <TextInput
        data-autofocus
        leftSection={<IconSearch size={15} />}
        placeholder={t("follow.find")}
        aria-label={t("follow.find")}
        value={query}
        onChange={(event) => setQuery(event.currentTarget.value)}
      />
      {error && <FailureLine error={error} />}
      <div>
        {data?.parties.map((one) => <Suggestion key={one.party?.id} one={one} onChoose={onChoose} />)}
        {data?.parties.length === 0 && <Text size="xs" c="dimmed">{t("reference.none")}</Text>}
      </div>
    </Stack>
  );
}

function Suggestion({ one, onChoose }: { one: PartySuggestion; onChoose: (party: Party) => void }) {
  const t = useText();
  const { party, email } = one;
  if (!party) return null;
  const kind = party.kind === PartyKind.CONTACT ? t("message.contact") : "";
  return (
    <UnstyledButton className={classes.person} onClick={() => onChoose(party)}>
      <PartyFace party={party} size={26} />
      <span className={classes.personName}>
        <Text truncate>{party.name}</Text>
        <Text size="xs" c="dimmed" truncate>{[kind, email].filter((text) => text !== "").join(" · ")}</Text>
      </span>
    </UnstyledButton>
  );
}

/** The words of an invitation. */
interface Words {
  subject: string;
  body: string;
}

function Terms({ threadId, subtypes, party, onClose, onAdded, onBack }: AddFollowerProps & { party: Party; onBack: () => void }) {
  const t = useText();
  const outside = party.kind !== PartyKind.USER;
  const [told, setTold] = useState(() => defaultSubtypes(subtypes, outside));
  const [inviting, setInviting] = useState(false);
  const [edited, setEdited] = useState<Words>();
  const thread = useQuery(ChatterService.method.getThread, { threadId });
  const mailable = thread.data?.thread?.canMail ?? false;
  const preview = useQuery(ChatterService.method.previewInvitation, { threadId, partyId: party.id }, { enabled: inviting, staleTime: Infinity });
  const words = edited ?? preview.data?.invitation;
  const noAddress = preview.data?.address === "";
  const add = useMutation(ChatterService.method.addFollower, {
    onSuccess: async () => {
      await onAdded();
      onClose();
    },
  });
  const invitation = inviting && words && !noAddress ? { subject: words.subject.trim(), body: words.body.trim() } : undefined;
  const unfinished = inviting && !noAddress && (!invitation || invitation.subject === "" || invitation.body === "");
  return (
    <Stack gap="md">
      <Checkbox.Group label={t("follow.toldOf")} value={told} onChange={setTold}>
        <SubtypeChecks subtypes={subtypesFor(subtypes, outside)} />
      </Checkbox.Group>
      <Checkbox
        label={t("follow.invite")}
        description={mailable ? undefined : t("follow.noMail")}
        disabled={!mailable}
        checked={inviting}
        onChange={(event) => setInviting(event.currentTarget.checked)}
      />
      {inviting && preview.isPending && <Skeleton h={180} />}
      {inviting && preview.error && <FailureLine error={preview.error} retry={() => void preview.refetch()} />}
      {inviting && noAddress && <Text size="xs" c="var(--mantine-color-error)">{t("follow.noAddress", { name: party.name })}</Text>}
      {inviting && words && !noAddress && <Letter address={preview.data?.address ?? ""} words={words} onChange={setEdited} />}
      {add.error && <FailureLine error={add.error} />}
      <div className={records.buttons}>
        <Button variant="default" onClick={onBack}>{t("action.back")}</Button>
        <Button
          loading={add.isPending}
          disabled={unfinished}
          onClick={() => add.mutate({ threadId, partyId: party.id, subtypes: told, invitation })}
        >
          {invitation ? t("follow.addInvite") : t("follow.addDo")}
        </Button>
      </div>
    </Stack>
  );
}

function Letter({ address, words, onChange }: { address: string; words: Words; onChange: (words: Words) => void }) {
  const t = useText();
  return (
    <Stack gap="xs">
      <Text size="xs" c="dimmed">{t("follow.inviteTo", { address })}</Text>
      <TextInput label={t("follow.inviteSubject")} maxLength={300} value={words.subject} onChange={(event) => onChange({ subject: event.currentTarget.value, body: words.body })} />
      <Textarea label={t("follow.inviteBody")} autosize minRows={5} maxRows={12} maxLength={20_000} value={words.body} onChange={(event) => onChange({ subject: words.subject, body: event.currentTarget.value })} />
    </Stack>
  );
}
