import { Button, Checkbox, Divider, Group, Popover, ScrollArea, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { createConnectQueryKey, useInfiniteQuery, useMutation, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData, useQueryClient } from "@tanstack/react-query";
import { useDebouncedValue } from "@mantine/hooks";
import { IconBell, IconBellOff, IconSettings, IconUserPlus, IconUsers, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { ChatterService, PartyKind, type Follower, type Subtype } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { IconButton } from "../ui/header.tsx";
import { PartyFace } from "../ui/person.tsx";
import { FailureLine, RowSkeletons } from "../ui/states.tsx";
import classes from "./thread.module.css";

/** Follow or not, and who else does. */
export function Followers({ threadId, subtypes }: { threadId: string; subtypes: Subtype[] }) {
  const t = useText();
  const { data } = useQuery(ChatterService.method.getThread, { threadId });
  const renew = useRenew(threadId);
  const follow = useMutation(ChatterService.method.follow, { onSuccess: renew });
  const unfollow = useMutation(ChatterService.method.unfollow, { onSuccess: renew });
  const thread = data?.thread;
  const following = thread?.follower !== undefined;
  return (
    <Group gap={4} wrap="nowrap">
      <Button
        variant={following ? "light" : "default"}
        disabled={!thread}
        loading={follow.isPending || unfollow.isPending}
        leftSection={following ? <IconBell size={15} /> : <IconBellOff size={15} />}
        onClick={() => (following ? unfollow.mutate({ threadId }) : follow.mutate({ threadId }))}
        aria-pressed={following}
      >
        {following ? t("follow.following") : t("follow.follow")}
      </Button>
      <Popover width={320} position="bottom-end" trapFocus>
        <Popover.Target>
          <Button variant="default" leftSection={<IconUsers size={15} />} aria-label={t("follow.followers", { count: thread?.followerCount ?? 0 })}>
            <span className="numeric">{thread?.followerCount ?? 0}</span>
          </Button>
        </Popover.Target>
        <Popover.Dropdown p="sm"><FollowerList threadId={threadId} subtypes={subtypes} /></Popover.Dropdown>
      </Popover>
    </Group>
  );
}

function useRenew(threadId: string): () => Promise<void> {
  const queries = useQueryClient();
  return async () => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ChatterService.method.getThread, input: { threadId }, cardinality: "finite" }) }),
      queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ChatterService.method.listFollowers, cardinality: undefined }) }),
    ]);
  };
}

function FollowerList({ threadId, subtypes }: { threadId: string; subtypes: Subtype[] }) {
  const t = useText();
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage } = useInfiniteQuery(
    ChatterService.method.listFollowers,
    { threadId, pageSize: 50, pageToken: "" },
    byPageToken,
  );
  const renew = useRenew(threadId);
  const remove = useMutation(ChatterService.method.removeFollower, { onSuccess: renew });
  const followers = data?.pages.flatMap((page) => page.followers) ?? [];
  return (
    <Stack gap="xs">
      <Text fw={600}>{t("follow.title")}</Text>
      {isPending && <RowSkeletons count={2} height={40} />}
      {(error ?? remove.error) && <FailureLine error={error ?? remove.error} retry={() => void refetch()} />}
      {data && followers.length === 0 && <Text c="dimmed" size="xs">{t("follow.nobody")}</Text>}
      <ScrollArea.Autosize mah={260}>
        {followers.map((follower) => (
          <FollowerRow
            key={follower.party?.id}
            threadId={threadId}
            follower={follower}
            subtypes={subtypes}
            onRemove={() => remove.mutate({ threadId, partyId: follower.party?.id ?? "" })}
          />
        ))}
        {hasNextPage && <Button variant="subtle" fullWidth onClick={() => void fetchNextPage()}>{t("action.more")}</Button>}
      </ScrollArea.Autosize>
      <Divider />
      <AddFollower threadId={threadId} />
    </Stack>
  );
}

function FollowerRow({ threadId, follower, subtypes, onRemove }: { threadId: string; follower: Follower; subtypes: Subtype[]; onRemove: () => void }) {
  const t = useText();
  const { me } = useServices();
  const [open, setOpen] = useState(false);
  const renew = useRenew(threadId);
  const update = useMutation(ChatterService.method.updateFollower, { onSuccess: renew });
  const { party } = follower;
  const contact = party?.kind === PartyKind.CONTACT;
  const name = party?.name ?? "";
  return (
    <div>
      <div className={classes.follower}>
        <PartyFace party={party} size={26} presence />
        <div className={classes.followerName}>
          <Text truncate>{party?.id === me.id ? t("party.you", { name }) : name}</Text>
          {contact && <Text size="xs" c="dimmed">{t("message.contact")}</Text>}
        </div>
        <IconButton size="sm" label={t("follow.subtypes", { name })} aria-expanded={open} onClick={() => setOpen(!open)}><IconSettings size={15} /></IconButton>
        <IconButton size="sm" label={t("follow.remove", { name })} onClick={onRemove}><IconX size={15} /></IconButton>
      </div>
      {open && (
        <Checkbox.Group
          value={update.isPending ? (update.variables?.subtypes ?? []) : follower.subtypes}
          onChange={(value) => update.mutate({ threadId, partyId: party?.id ?? "", subtypes: value })}
        >
          <Stack gap={6} ps={36} pb="xs">
            {subtypes.filter((subtype) => !(contact && subtype.internal)).map((subtype) => (
              <Checkbox key={subtype.name} size="xs" value={subtype.name} label={subtype.label} />
            ))}
          </Stack>
        </Checkbox.Group>
      )}
    </div>
  );
}

function AddFollower({ threadId }: { threadId: string }) {
  const t = useText();
  const [query, setQuery] = useState("");
  const [settled] = useDebouncedValue(query.trim(), 150);
  const renew = useRenew(threadId);
  const add = useMutation(ChatterService.method.addFollower, {
    onSuccess: async () => {
      setQuery("");
      await renew();
    },
  });
  const { data } = useQuery(
    ChatterService.method.suggestParties,
    { query: settled, pageSize: 5 },
    { enabled: settled !== "", placeholderData: keepPreviousData },
  );
  const found = settled === "" ? [] : (data?.parties ?? []);
  return (
    <Stack gap={4}>
      <TextInput
        size="xs"
        leftSection={<IconUserPlus size={15} />}
        placeholder={t("follow.add")}
        aria-label={t("follow.add")}
        value={query}
        onChange={(event) => setQuery(event.currentTarget.value)}
      />
      {add.error && <FailureLine error={add.error} />}
      {found.map(({ party, email }) => (
        <UnstyledButton key={party?.id} className={classes.follower} onClick={() => add.mutate({ threadId, partyId: party?.id ?? "" })}>
          <PartyFace party={party} size={24} />
          <span className={classes.followerName}>
            <Text truncate>{party?.name}</Text>
            <Text size="xs" c="dimmed" truncate>{email}</Text>
          </span>
        </UnstyledButton>
      ))}
    </Stack>
  );
}
