import { Button, Checkbox, Group, Popover, ScrollArea, Stack, Text } from "@mantine/core";
import { createConnectQueryKey, useInfiniteQuery, useMutation, useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { IconBell, IconBellOff, IconSettings, IconUserPlus, IconUsers, IconX } from "@tabler/icons-react";
import { useCallback, useState } from "react";
import { ChatterService, PartyKind, type Follower, type Subtype } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { IconButton } from "../ui/header.tsx";
import { PartyFace } from "../ui/person.tsx";
import { FailureLine, RowSkeletons } from "../ui/states.tsx";
import { AddFollower } from "./add-follower.tsx";
import { SubtypeChecks } from "./subtype-checks.tsx";
import { subtypesFor } from "./subtypes.ts";
import classes from "./side.module.css";

/** Follow or not, and who else does. */
export function Followers({ threadId, subtypes }: { threadId: string; subtypes: Subtype[] }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const [adding, setAdding] = useState(false);
  const { data } = useQuery(ChatterService.method.getThread, { threadId });
  const renew = useRenewFollowers(threadId);
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
      <Popover width={340} position="bottom-end" trapFocus opened={open} onChange={setOpen}>
        <Popover.Target>
          <Button variant="default" leftSection={<IconUsers size={15} />} aria-expanded={open} aria-label={t("follow.followers", { count: thread?.followerCount ?? 0 })} onClick={() => setOpen(!open)}>
            <span className="numeric">{thread?.followerCount ?? 0}</span>
          </Button>
        </Popover.Target>
        <Popover.Dropdown p="sm">
          <FollowerList
            threadId={threadId}
            subtypes={subtypes}
            onAdd={() => {
              setOpen(false);
              setAdding(true);
            }}
          />
        </Popover.Dropdown>
      </Popover>
      {adding && <AddFollower threadId={threadId} subtypes={subtypes} onClose={() => setAdding(false)} onAdded={renew} />}
    </Group>
  );
}

function useRenewFollowers(threadId: string): () => Promise<void> {
  const queries = useQueryClient();
  return useCallback(async () => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ChatterService.method.getThread, input: { threadId }, cardinality: "finite" }) }),
      queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ChatterService.method.listFollowers, input: { threadId }, cardinality: undefined }) }),
    ]);
  }, [queries, threadId]);
}

function FollowerList({ threadId, subtypes, onAdd }: { threadId: string; subtypes: Subtype[]; onAdd: () => void }) {
  const t = useText();
  const { data, error, isPending, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    ChatterService.method.listFollowers,
    { threadId, pageSize: 50, pageToken: "" },
    { ...byPageToken, refetchOnMount: "always" },
  );
  const renew = useRenewFollowers(threadId);
  const remove = useMutation(ChatterService.method.removeFollower, { onSuccess: renew });
  const followers = data?.pages.flatMap((page) => page.followers) ?? [];
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Text fw={600}>{t("follow.title")}</Text>
        <Button variant="subtle" leftSection={<IconUserPlus size={15} />} onClick={onAdd}>{t("follow.add")}</Button>
      </Group>
      {isPending && <RowSkeletons count={2} height={40} />}
      {(error ?? remove.error) && <FailureLine error={error ?? remove.error} retry={() => void refetch()} />}
      {data && followers.length === 0 && <Text c="dimmed" size="xs">{t("follow.nobody")}</Text>}
      <ScrollArea.Autosize mah={320}>
        {followers.map((follower) => (
          <FollowerRow
            key={follower.party?.id}
            threadId={threadId}
            follower={follower}
            subtypes={subtypes}
            onRemove={() => remove.mutate({ threadId, partyId: follower.party?.id ?? "" })}
          />
        ))}
        {hasNextPage && <Button variant="subtle" fullWidth loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t("action.more")}</Button>}
      </ScrollArea.Autosize>
    </Stack>
  );
}

function FollowerRow({ threadId, follower, subtypes, onRemove }: { threadId: string; follower: Follower; subtypes: Subtype[]; onRemove: () => void }) {
  const t = useText();
  const { me } = useServices();
  const [open, setOpen] = useState(false);
  const { party } = follower;
  const contact = party?.kind === PartyKind.CONTACT;
  const name = party?.name ?? "";
  const labels = subtypes.filter((subtype) => follower.subtypes.includes(subtype.name)).map((subtype) => subtype.label);
  return (
    <div>
      <div className={classes.person}>
        <PartyFace party={party} size={26} presence />
        <div className={classes.personName}>
          <Text truncate>{party?.id === me.id ? t("party.you", { name }) : name}{contact && <Text span size="xs" c="dimmed"> · {t("message.contact")}</Text>}</Text>
          <Text size="xs" c="dimmed" truncate>{labels.length > 0 ? labels.join(", ") : t("follow.ofNothing")}</Text>
        </div>
        <IconButton size="sm" label={t("follow.subtypes", { name })} aria-expanded={open} onClick={() => setOpen(!open)}><IconSettings size={15} /></IconButton>
        <IconButton size="sm" label={t("follow.remove", { name })} onClick={onRemove}><IconX size={15} /></IconButton>
      </div>
      {open && <Subscriptions threadId={threadId} follower={follower} subtypes={subtypes} />}
    </div>
  );
}

/** What a follower is told of. */
function Subscriptions({ threadId, follower, subtypes }: { threadId: string; follower: Follower; subtypes: Subtype[] }) {
  const t = useText();
  const renew = useRenewFollowers(threadId);
  const update = useMutation(ChatterService.method.updateFollower, { onSuccess: renew });
  const outside = follower.party?.kind !== PartyKind.USER;
  return (
    <div className={classes.subtypes}>
      <Checkbox.Group
        label={t("follow.toldOf")}
        value={update.isPending ? (update.variables?.subtypes ?? []) : follower.subtypes}
        onChange={(value) => update.mutate({ threadId, partyId: follower.party?.id ?? "", subtypes: value })}
      >
        <SubtypeChecks subtypes={subtypesFor(subtypes, outside)} />
      </Checkbox.Group>
      {update.error && <FailureLine error={update.error} />}
    </div>
  );
}
