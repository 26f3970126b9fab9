import { Button, Menu, Stack, Text } from "@mantine/core";
import { createConnectQueryKey, useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { IconDots, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { RecordService, type RecordType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { IconButton } from "../ui/header.tsx";
import { FailureLine } from "../ui/states.tsx";
import classes from "../records/records.module.css";

/** Deletes a type of the workspace's own; the server refuses one that is in use. */
export function DeleteType({ type }: { type: RecordType }) {
  const t = useText();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const remove = useMutation(RecordService.method.deleteRecordType, {
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: RecordService.method.listRecordTypes, cardinality: undefined }) });
      await navigate({ to: "/settings/types", ignoreBlocker: true });
    },
  });
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target><IconButton label={t("record.more")}><IconDots size={18} /></IconButton></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => setAsking(true)}>{t("types.delete")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Dialog opened={asking} onClose={() => setAsking(false)} title={t("record.deleteAsk", { title: type.label })}>
        <Stack gap="md">
          <Text>{t("types.deleteHint")}</Text>
          {remove.error && <FailureLine error={remove.error} />}
          <div className={classes.buttons}>
            <Button variant="default" data-autofocus onClick={() => setAsking(false)}>{t("action.cancel")}</Button>
            <Button color="red" loading={remove.isPending} onClick={() => remove.mutate({ name: type.name })}>{t("types.delete")}</Button>
          </div>
        </Stack>
      </Dialog>
    </>
  );
}
