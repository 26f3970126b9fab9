import { Alert, Button, Group, Progress, Select, Text } from "@mantine/core";
import { useMemo, useState } from "react";
import { useIntl } from "react-intl";
import { ImportFormat, type RecordType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { FailureLine } from "../ui/states.tsx";
import type { Chosen } from "./import-page.tsx";
import { OutcomeView } from "./outcome.tsx";
import { cellsOf, guessMapping, RowTooLarge, withColumn, type Mapping, type Table } from "./table.ts";
import { useRun } from "./use-run.ts";
import classes from "./imports.module.css";

/** So many rows are shown of a file. */
const PREVIEW = 20;

interface MappingStepProps {
  type: RecordType;
  chosen: Chosen;
  onDone: () => void;
}

/** Says which column is which field, checks the rows, and imports them. */
export function MappingStep({ type, chosen, onDone }: MappingStepProps) {
  const t = useText();
  const intl = useIntl();
  const { table } = chosen;
  const [mapping, setMapping] = useState(() => guessMapping(type, table.columns));
  const run = useRun(type, table);
  const mapped = mapping.some((field) => field !== "");
  const rows = intl.formatNumber(table.rows.length);
  const good = table.rows.length - (run.outcome?.errorCount ?? 0);
  return (
    <div className={classes.step}>
      <Notes type={type} table={table} mapping={mapping} />
      <Group gap="sm" className={classes.actions}>
        <Text size="xs" c="dimmed" className="numeric">{t("import.rows", { count: table.rows.length })}</Text>
        <span className={classes.push} />
        {run.state === "imported" ? (
          <Button onClick={onDone}>{t("import.show")}</Button>
        ) : (
          <>
            <Button variant={run.state === "checked" ? "default" : "filled"} disabled={!mapped || run.busy} onClick={() => void run.start(mapping, true)}>{t("import.check")}</Button>
            {run.state === "checked" && <Button disabled={run.busy || good <= 0} onClick={() => void run.start(mapping, false)}>{t("import.run", { count: good })}</Button>}
          </>
        )}
      </Group>
      {run.busy && (
        <div className={classes.progress} role="status">
          <Text size="xs" className="numeric">{t(run.dry ? "import.checking" : "import.importing", { done: intl.formatNumber(run.outcome?.done ?? 0), all: rows })}</Text>
          <Progress value={((run.outcome?.done ?? 0) / table.rows.length) * 100} flex={1} aria-label={t("import.progress")} />
          <Button variant="default" onClick={run.stop}>{t("import.stop")}</Button>
        </div>
      )}
      {run.error instanceof RowTooLarge && <Alert color="red" variant="light" p="xs" role="alert">{t("import.rowTooLarge", { row: run.error.row })}</Alert>}
      {run.error !== undefined && !(run.error instanceof RowTooLarge) && <FailureLine error={run.error} />}
      {run.outcome && !run.busy && <OutcomeView outcome={run.outcome} dry={run.dry} type={type} stopped={run.state === "stopped"} all={table.rows.length} />}
      <Preview
        type={type}
        table={table}
        mapping={mapping}
        disabled={run.busy || run.state === "imported"}
        onChange={(next) => {
          setMapping(next);
          run.reset();
        }}
      />
    </div>
  );
}

/** What is worth knowing before one checks. */
function Notes({ type, table, mapping }: { type: RecordType; table: Table; mapping: Mapping }) {
  const t = useText();
  const missing = type.fields.filter((field) => field.required && !field.defaultValue && field.sequencePrefix === "" && !mapping.includes(field.name));
  const unique = type.fields.find((field) => field.name === type.uniqueField);
  const updates = unique && mapping.includes(unique.name);
  return (
    <>
      {table.format === ImportFormat.JSON_LINES && table.wrong.length > 0 && (
        <Alert color="amber" variant="light" p="xs">{t("import.wrongLines", { count: table.wrong.length, lines: table.wrong.slice(0, 10).join(", ") })}</Alert>
      )}
      {missing.length > 0 && !updates && <Alert color="amber" variant="light" p="xs">{t("import.missing", { fields: missing.map((field) => field.label).join(", ") })}</Alert>}
      <Text size="xs" c="dimmed">{updates ? t("import.updates", { field: unique.label }) : t("import.creates")}</Text>
    </>
  );
}

interface PreviewProps {
  type: RecordType;
  table: Table;
  mapping: Mapping;
  disabled: boolean;
  onChange: (mapping: string[]) => void;
}

function Preview({ type, table, mapping, disabled, onChange }: PreviewProps) {
  const t = useText();
  const fields = useMemo(() => [{ value: "", label: t("import.leaveOut") }, ...type.fields.map((field) => ({ value: field.name, label: field.label }))], [t, type.fields]);
  const rows = useMemo(() => Array.from({ length: Math.min(PREVIEW, table.rows.length) }, (_, index) => cellsOf(table, index)), [table]);
  return (
    <div className={classes.preview}>
      <table>
        <thead>
          <tr>
            <th scope="col" className={classes.number}>{t("import.row")}</th>
            {table.columns.map((column, index) => (
              // oxlint-disable-next-line react/no-array-index-key -- two columns can have one name
              <th key={index} scope="col" data-out={mapping[index] === ""}>
                <span className={classes.column}>{column || t("import.unnamed")}</span>
                <Select
                  size="xs"
                  searchable
                  allowDeselect={false}
                  disabled={disabled}
                  aria-label={t("import.fieldOf", { column })}
                  data={fields}
                  value={mapping[index] ?? ""}
                  onChange={(field) => onChange(withColumn(mapping, index, field ?? ""))}
                />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            // oxlint-disable-next-line react/no-array-index-key -- a row is its number
            <tr key={row}>
              <td className={classes.number}>{row + 1}</td>
              {table.columns.map((_, index) => (
                // oxlint-disable-next-line react/no-array-index-key -- a cell is its place
                <td key={index} data-out={mapping[index] === ""}>{cells[index]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
