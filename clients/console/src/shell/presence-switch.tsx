import { Menu, UnstyledButton } from "@mantine/core";
import { createConnectQueryKey, useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { IconCheck } from "@tabler/icons-react";
import { Availability, LiveService } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { stateOf, usePresence } from "../ui/person.tsx";
import classes from "./shell.module.css";

const CHOICES = [
  { wish: Availability.AVAILABLE, text: "presence.available", dot: "online" },
  { wish: Availability.BUSY, text: "presence.busy", dot: "busy" },
] as const;

/** Shows how the others see the user, and lets them be shown as busy. */
export function PresenceSwitch() {
  const t = useText();
  const { me } = useServices();
  const queries = useQueryClient();
  const presence = usePresence(me.id);
  const set = useMutation(LiveService.method.setAvailability, {
    onSuccess: () =>
      queries.invalidateQueries({
        queryKey: createConnectQueryKey({ schema: LiveService.method.listPresence, cardinality: undefined }),
      }),
  });
  const wish = set.isPending ? set.variables?.availability : presence?.availability;
  const busy = wish === Availability.BUSY;
  const state = busy ? "busy" : presence ? stateOf(presence) : "online";
  return (
    <Menu position="right-end">
      <Menu.Target>
        <UnstyledButton className={classes.area} aria-label={t("presence.label", { state: t(`presence.${state}`) })} title={t(`presence.${state}`)}>
          <span className={classes.presence} data-state={state} />
          <span className={classes.word}>{t(`presence.${state}`)}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("presence.title")}</Menu.Label>
        {CHOICES.map((choice) => (
          <Menu.Item
            key={choice.dot}
            leftSection={<span className={classes.presence} data-state={choice.dot} />}
            rightSection={busy === (choice.wish === Availability.BUSY) ? <IconCheck size={14} /> : null}
            onClick={() => set.mutate({ availability: choice.wish })}
          >
            {t(choice.text)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
