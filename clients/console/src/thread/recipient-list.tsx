import { Checkbox, Divider, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useDebouncedValue } from "@mantine/hooks";
import { IconInbox, IconMail, IconMailOff, IconUserPlus } from "@tabler/icons-react";
import { useState } from "react";
import { ChatterService, RecipientReason, RecipientWay, type Recipient } from "../api/contract.ts";
import { useText, type TextId } from "../intl/intl.tsx";
import { PartyFace } from "../ui/person.tsx";
import type { Recipients } from "./use-recipients.ts";
import classes from "./recipients.module.css";

const REASONS: Partial<Record<RecipientReason, TextId>> = {
  [RecipientReason.FOLLOWER]: "recipients.follower",
  [RecipientReason.CUSTOMER]: "recipients.customer",
  [RecipientReason.MENTION]: "recipients.mention",
  [RecipientReason.ADDED]: "recipients.added",
};

/** Everybody who would be told, to leave out and to add. */
export function RecipientList({ recipients, note }: { recipients: Recipients; note: boolean }) {
  const t = useText();
  const { data } = recipients;
  const rest = data ? data.recipientCount - data.recipients.length : 0;
  return (
    <Stack gap={6}>
      {data?.recipients.length === 0 && <Text c="dimmed" size="xs" px={4}>{t("recipients.nobody")}</Text>}
      <div className={classes.scroll}>
        {data?.recipients.map((recipient) => <Row key={recipient.party?.id} recipient={recipient} onToggle={() => recipients.toggle(recipient)} />)}
        {rest > 0 && <Text c="dimmed" size="xs" px={4}>{t("recipients.more", { count: rest })}</Text>}
      </div>
      <Divider />
      <Add note={note} onAdd={recipients.add} />
      <Text c="dimmed" size="xs" px={4}>{note ? t("recipients.noteAudience") : t("recipients.audience")}</Text>
    </Stack>
  );
}

function Row({ recipient, onToggle }: { recipient: Recipient; onToggle: () => void }) {
  const t = useText();
  const { party, reason, way, problem, address, excepted } = recipient;
  const name = party?.name ?? "";
  const why = REASONS[reason];
  const how = problem || (way === RecipientWay.MAIL ? t("recipients.byMail", { address }) : t("recipients.byInbox"));
  const fixed = reason === RecipientReason.MENTION || reason === RecipientReason.CONVERSATION;
  return (
    <div className={classes.row}>
      <PartyFace party={party} size={24} />
      <span className={classes.who}>
        <Text size="sm" truncate td={excepted ? "line-through" : undefined}>{name}</Text>
        <span className={classes.how} data-problem={problem !== ""}>
          <WayIcon recipient={recipient} />
          <span className={classes.text}>{how}{why && ` · ${t(why)}`}</span>
        </span>
      </span>
      <Checkbox size="xs" checked={!excepted} disabled={fixed} onChange={onToggle} aria-label={t("recipients.tell", { name })} />
    </div>
  );
}

function Add({ note, onAdd }: { note: boolean; onAdd: (id: string, name: string) => void }) {
  const t = useText();
  const [query, setQuery] = useState("");
  const [settled] = useDebouncedValue(query.trim(), 150);
  const { data } = useQuery(
    ChatterService.method.suggestParties,
    { query: settled, usersOnly: note, pageSize: 5 },
    { enabled: settled !== "", placeholderData: keepPreviousData },
  );
  const found = settled === "" ? [] : (data?.parties ?? []);
  return (
    <div>
      <TextInput
        size="xs"
        data-autofocus
        leftSection={<IconUserPlus size={15} />}
        placeholder={t("recipients.add")}
        aria-label={t("recipients.add")}
        value={query}
        onChange={(event) => setQuery(event.currentTarget.value)}
      />
      {found.map(({ party, email }) => (
        <UnstyledButton
          key={party?.id}
          className={classes.row}
          onClick={() => {
            if (party) onAdd(party.id, party.name);
            setQuery("");
          }}
        >
          <PartyFace party={party} size={24} />
          <span className={classes.who}>
            <Text size="sm" truncate>{party?.name}</Text>
            <Text size="xs" c="dimmed" truncate>{email}</Text>
          </span>
        </UnstyledButton>
      ))}
    </div>
  );
}

/** How somebody is told. */
export function WayIcon({ recipient, size = 13 }: { recipient: Recipient; size?: number }) {
  if (recipient.problem !== "") return <IconMailOff size={size} aria-hidden />;
  if (recipient.way === RecipientWay.MAIL) return <IconMail size={size} aria-hidden />;
  return <IconInbox size={size} aria-hidden />;
}
