import { Checkbox, Popover, ScrollArea, Stack } from "@mantine/core";
import { IconColumns3 } from "@tabler/icons-react";
import type { RecordType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { IconButton } from "../ui/header.tsx";
import type { Columns } from "./columns.ts";

/** Chooses the columns of a table. */
export function ColumnMenu({ type, columns }: { type: RecordType; columns: Columns }) {
  const t = useText();
  return (
    <Popover position="bottom-end" trapFocus>
      <Popover.Target>
        <IconButton label={t("records.columns")} visibleFrom="sm"><IconColumns3 size={17} stroke={1.7} /></IconButton>
      </Popover.Target>
      <Popover.Dropdown p="sm">
        <ScrollArea.Autosize mah={320}>
          <Stack gap={8}>
            {columns.all.map((field) => (
              <Checkbox
                key={`${type.name}.${field.name}`}
                size="xs"
                label={field.label}
                checked={columns.shown.includes(field)}
                onChange={() => columns.toggle(field.name)}
              />
            ))}
          </Stack>
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
}
