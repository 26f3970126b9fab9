import { FileButton, Group, Input, Text, Button } from "@mantine/core";
import { upload } from "@parley/client";
import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useState } from "react";
import { FileService, type Field, type Record as ParleyRecord } from "../api/contract.ts";
import { toFault } from "../api/fault.ts";
import { useText } from "../intl/intl.tsx";
import { useFaultText } from "../ui/states.tsx";
import type { Saver } from "./use-inline.ts";

/** A file of the record: sent to its thread, then named by the field. */
export function FileField({ field, record, save }: { field: Field; record: ParleyRecord; save: Saver }) {
  const t = useText();
  const faultText = useFaultText();
  const transport = useTransport();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const stored = record.fields?.[field.name];

  async function choose(file: File | null): Promise<void> {
    if (!file) return;
    setBusy(true);
    setError(undefined);
    try {
      const sent = await upload(createClient(FileService, transport), { threadId: record.id, attach: true, data: file, name: file.name });
      await save(field.name, stored, sent.id);
    } catch (reason) {
      setError(faultText(toFault(reason)));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Input.Wrapper label={field.label} withAsterisk={field.required} error={error}>
      <Group gap="xs">
        <FileButton onChange={(file) => void choose(file)}>
          {(props) => <Button variant="default" loading={busy} {...props}>{stored ? t("file.replace") : t("file.choose")}</Button>}
        </FileButton>
        <Text truncate>{record.display[field.name]}</Text>
      </Group>
    </Input.Wrapper>
  );
}
