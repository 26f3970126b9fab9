import { Button, Popover, ScrollArea, Text, TextInput, UnstyledButton } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { IconBraces, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { ComposeService } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { FailureLine } from "../ui/states.tsx";
import classes from "./templates.module.css";

/** What templates for a record type may name, to put into the text. */
export function PlaceholderPicker({ recordType, onPick }: { recordType: string; onPick: (name: string) => void }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const { data, error, refetch } = useQuery(ComposeService.method.listPlaceholders, { recordType, pageSize: 500 }, { enabled: open, staleTime: 60_000 });
  const words = typed.trim().toLocaleLowerCase();
  const found = (data?.placeholders ?? []).filter(({ name, label }) => `${name} ${label}`.toLocaleLowerCase().includes(words));
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" width={320} trapFocus>
      <Popover.Target><Button variant="subtle" size="compact-sm" leftSection={<IconBraces size={15} />} aria-expanded={open} onClick={() => setOpen(!open)}>{t("template.insert")}</Button></Popover.Target>
      <Popover.Dropdown p="xs">
        <TextInput size="xs" data-autofocus leftSection={<IconSearch size={15} />} placeholder={t("template.find")} aria-label={t("template.find")} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
        {error && <FailureLine error={error} retry={() => void refetch()} />}
        <ScrollArea.Autosize mah={280} mt={6}>
          {data && found.length === 0 && <Text size="xs" c="dimmed" p="xs">{t("reference.none")}</Text>}
          {found.map((one) => (
            <UnstyledButton key={one.name} className={classes.placeholder} onClick={() => { setOpen(false); onPick(one.name); }}>
              <Text size="sm" truncate>{one.label}</Text>
              <code className={classes.name}>{one.name}</code>
            </UnstyledButton>
          ))}
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
}
