import { Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import { IconDots, IconDownload, IconSettings, IconUpload } from "@tabler/icons-react";
import { useState } from "react";
import { RecordService, Role, type RecordType } from "../api/contract.ts";
import { toFault } from "../api/fault.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { IconButton } from "../ui/header.tsx";
import { useFaultText } from "../ui/states.tsx";
import { useColumns } from "./columns.ts";
import { exportCsv, MOST_ROWS, saveFile } from "./export.ts";

/** What else can be done with a list: files in and out, and its type. */
export function ListMenu({ type, filter, sort }: { type: RecordType; filter: string; sort: string }) {
  const t = useText();
  const { me } = useServices();
  const [opened, setOpened] = useState(false);
  const download = useExport(type, filter, sort);
  return (
    <Menu position="bottom-end" opened={opened} onChange={setOpened}>
      <Menu.Target><IconButton label={t("records.more")} quiet={opened}><IconDots size={18} /></IconButton></Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconDownload size={15} />} onClick={() => void download()}>{t("records.export")}</Menu.Item>
        <Menu.Item leftSection={<IconUpload size={15} />} renderRoot={(props) => <Link to="/records/$type/import" params={{ type: type.name }} {...props} />}>{t("records.import")}</Menu.Item>
        {me.role === Role.ADMINISTRATOR && (
          <Menu.Item leftSection={<IconSettings size={15} />} renderRoot={(props) => <Link to="/settings/types/$typeName" params={{ typeName: type.name }} {...props} />}>
            {t("records.editType")}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Writes the list as it is filtered, sorted and shown, and says how far it is. */
function useExport(type: RecordType, filter: string, orderBy: string): () => Promise<void> {
  const t = useText();
  const faultText = useFaultText();
  const client = createClient(RecordService, useTransport());
  const columns = useColumns(type).shown;
  return async () => {
    const id = crypto.randomUUID();
    const abort = new AbortController();
    const say = (rows: number) => ({
      id,
      loading: true,
      autoClose: false as const,
      withCloseButton: false,
      message: (
        <span style={{ display: "flex", alignItems: "center", gap: 12 }}>
          {t("records.exporting", { count: rows })}
          <Button size="compact-xs" variant="light" onClick={() => abort.abort()}>{t("action.cancel")}</Button>
        </span>
      ),
    });
    let written = 0;
    notifications.show(say(0));
    try {
      const onProgress = (rows: number): void => {
        written = rows;
        notifications.update(say(rows));
      };
      const blob = await exportCsv(client, { type, columns, filter, orderBy, signal: abort.signal, onProgress });
      saveFile(blob, `${type.name}.csv`);
      if (written >= MOST_ROWS) notifications.show({ color: "amber", message: t("records.exportMost", { count: written }) });
    } catch (reason) {
      if (!abort.signal.aborted) notifications.show({ color: "red", message: faultText(toFault(reason)) });
    } finally {
      notifications.hide(id);
    }
  };
}
