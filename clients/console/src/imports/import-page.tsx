import { Button, FileButton, Text } from "@mantine/core";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { IconFileUpload } from "@tabler/icons-react";
import { useState } from "react";
import { useIntl } from "react-intl";
import type { RecordType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useRecordType } from "../records/query.ts";
import { sizeText } from "../thread/files.tsx";
import { useFileDrop } from "../thread/use-file-drop.ts";
import { Header } from "../ui/header.tsx";
import { Empty } from "../ui/states.tsx";
import { MappingStep } from "./mapping-step.tsx";
import { decodeText, MOST_FILE_BYTES, readTable, type Table } from "./table.ts";
import classes from "./imports.module.css";

const route = getRouteApi("/app/records/$type/import");

/** Brings records in from a file: choose it, say what its columns are, check, import. */
export function ImportPage() {
  const t = useText();
  const { type: name } = route.useParams();
  const type = useRecordType(name);
  return type ? <Import key={name} type={type} /> : <Empty text={t("records.noType")} />;
}

/** A file that was read. */
export interface Chosen {
  name: string;
  table: Table;
}

function Import({ type }: { type: RecordType }) {
  const t = useText();
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<Chosen>();
  const toList = (): void => void navigate({ to: "/records/$type", params: { type: type.name } });
  return (
    <div className={classes.page}>
      <Header title={t("import.title", { type: type.pluralLabel || type.label })} detail={chosen ? chosen.name : t("import.hint")} back={toList}>
        <Button variant="default" onClick={chosen ? () => setChosen(undefined) : toList}>{chosen ? t("import.otherFile") : t("action.cancel")}</Button>
      </Header>
      {chosen ? <MappingStep type={type} chosen={chosen} onDone={toList} /> : <Choose onChoose={setChosen} />}
    </div>
  );
}

function Choose({ onChoose }: { onChoose: (chosen: Chosen) => void }) {
  const t = useText();
  const intl = useIntl();
  const [error, setError] = useState<string>();
  const { over, handlers } = useFileDrop((files) => void read(files[0]));

  async function read(file: File | null | undefined): Promise<void> {
    if (!file) return;
    if (file.size > MOST_FILE_BYTES) {
      setError(t("import.tooLarge", { size: sizeText(intl, MOST_FILE_BYTES) }));
      return;
    }
    const table = readTable(decodeText(await file.arrayBuffer()));
    if (table.rows.length === 0) setError(t("import.noRows"));
    else onChoose({ name: file.name, table });
  }

  return (
    <div className={classes.choose}>
      <div className={classes.drop} data-over={over} {...handlers}>
        <IconFileUpload size={30} stroke={1.4} aria-hidden />
        <Text ta="center" maw="46ch">{t("import.drop")}</Text>
        <FileButton accept=".csv,.tsv,.txt,.jsonl,.ndjson,.json,text/csv,application/jsonl" onChange={(file) => void read(file)}>
          {(props) => <Button {...props}>{t("import.choose")}</Button>}
        </FileButton>
        {error && <Text size="xs" c="var(--mantine-color-error)" role="alert">{error}</Text>}
      </div>
    </div>
  );
}
