import { Badge, Button, Divider, Popover, Stack, Text } from "@mantine/core";
import { createConnectQueryKey, useMutation, useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { IconHeadset } from "@tabler/icons-react";
import { LiveChatService, OperatorState, type Channel } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Face } from "../ui/person.tsx";
import { Failure, FailureLine, RowSkeletons } from "../ui/states.tsx";
import classes from "./channels.module.css";

/** Which channels the user answers, and who else does. */
export function Channels() {
  const t = useText();
  const { data, error, refetch } = useQuery(LiveChatService.method.listChannels, { pageSize: 200 });
  const channels = data?.channels ?? [];
  const joined = channels.some((channel) => channel.joined);
  return (
    <Popover width={320} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button variant={joined ? "light" : "default"} leftSection={<IconHeadset size={15} />}>{joined ? t("channels.answering") : t("channels.title")}</Button>
      </Popover.Target>
      <Popover.Dropdown p="sm">
        {!data && !error && <RowSkeletons count={2} height={48} />}
        {error && !data && <Failure error={error} retry={() => void refetch()} />}
        <Stack gap="sm">
          {channels.map((channel, index) => (
            <div key={channel.id}>
              {index > 0 && <Divider mb="sm" />}
              <ChannelCard channel={channel} />
            </div>
          ))}
          {data && channels.length === 0 && <Text c="dimmed" size="xs">{t("channels.none")}</Text>}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

const STATES = {
  [OperatorState.ONLINE]: "online",
  [OperatorState.AWAY]: "away",
  [OperatorState.OFFLINE]: "offline",
  [OperatorState.UNSPECIFIED]: "offline",
} as const;

function ChannelCard({ channel }: { channel: Channel }) {
  const t = useText();
  const queries = useQueryClient();
  const { data } = useQuery(LiveChatService.method.listOperators, { channelId: channel.id, pageSize: 200 });
  const onSuccess = async (): Promise<void> => {
    await queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: LiveChatService.method.listChannels, cardinality: undefined }) });
    await queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: LiveChatService.method.listOperators, cardinality: undefined }) });
  };
  const join = useMutation(LiveChatService.method.joinChannel, { onSuccess });
  const leave = useMutation(LiveChatService.method.leaveChannel, { onSuccess });
  const change = channel.joined ? leave : join;
  return (
    <Stack gap={6}>
      <div className={classes.head}>
        <div className={classes.name}>
          <Text fw={600} truncate>{channel.name}</Text>
          <Text size="xs" c="dimmed">{t("channels.available", { count: channel.availableOperatorCount })}</Text>
        </div>
        <Button variant={channel.joined ? "default" : "filled"} loading={change.isPending} onClick={() => change.mutate({ channelId: channel.id })}>
          {channel.joined ? t("channels.leave") : t("channels.join")}
        </Button>
      </div>
      {change.error && <FailureLine error={change.error} />}
      {data?.operators.map((operator) => (
        <div key={operator.userId} className={classes.operator}>
          <Face id={operator.userId} name={operator.name} size={22} />
          <Text truncate flex={1}>{operator.name}</Text>
          <Text size="xs" c="dimmed" className="numeric">{t("channels.chats", { count: operator.openChatCount })}</Text>
          <Badge color={operator.state === OperatorState.ONLINE ? "green" : operator.state === OperatorState.AWAY ? "amber" : "gray"}>
            {t(`presence.${STATES[operator.state]}`)}
          </Badge>
        </div>
      ))}
    </Stack>
  );
}
