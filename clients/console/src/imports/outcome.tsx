import { Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconDownload } from "@tabler/icons-react";
import type { RecordType, RowError } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { saveFile } from "../records/export.ts";
import { VirtualList } from "../ui/virtual-list.tsx";
import { errorsCsv, type Outcome } from "./run.ts";
import classes from "./imports.module.css";

interface OutcomeViewProps {
  outcome: Outcome;
  dry: boolean;
  type: RecordType;
  stopped: boolean;
  all: number;
}

/** What a check found, or an import did, and the rows that were left out. */
export function OutcomeView({ outcome, dry, type, stopped, all }: OutcomeViewProps) {
  const t = useText();
  const { created, updated, unchanged, errorCount, errors, done } = outcome;
  const head = [t("import.row"), t("import.field"), t("import.mend")];
  return (
    <section className={classes.outcome} aria-live="polite" aria-label={t(dry ? "import.found" : "import.did")}>
      <Group gap="md">
        <span className={classes.fact} data-good>
          <IconCircleCheck size={17} aria-hidden />
          <Text fw={600} className="numeric">{t(dry ? "import.would" : "import.was", { created, updated, unchanged })}</Text>
        </span>
        {errorCount > 0 && (
          <span className={classes.fact} data-bad>
            <IconAlertTriangle size={17} aria-hidden />
            <Text fw={600} className="numeric">{t("import.errors", { count: errorCount })}</Text>
          </span>
        )}
        {stopped && <Text size="xs" c="dimmed">{t(dry ? "import.stoppedCheck" : "import.stopped", { done, all })}</Text>}
        <span className={classes.push} />
        {errors.length > 0 && (
          <Button variant="default" leftSection={<IconDownload size={15} />} onClick={() => saveFile(errorsCsv(errors, head), `${type.name}-errors.csv`)}>{t("import.download")}</Button>
        )}
      </Group>
      {errors.length > 0 && <ErrorTable errors={errors} type={type} head={head} />}
      {errorCount > errors.length && <Text size="xs" c="dimmed">{t("import.moreErrors", { count: errorCount - errors.length })}</Text>}
    </section>
  );
}

function ErrorTable({ errors, type, head }: { errors: RowError[]; type: RecordType; head: string[] }) {
  const numbered = errors.map((error, index) => ({ ...error, key: `${index}` }));
  return (
    <div className={classes.errors} style={{ blockSize: Math.min(240, 33 + errors.length * 34) }}>
      <div className={classes.errorHead} aria-hidden>{head.map((one) => <span key={one}>{one}</span>)}</div>
      <VirtualList items={numbered} keyOf={(error) => error.key} height={34} label={head[2] ?? ""} selected={-1}>
        {(error) => (
          <div className={classes.error}>
            <span className="numeric">{error.row}</span>
            <span>{type.fields.find((field) => field.name === error.field)?.label ?? error.field}</span>
            <span title={error.message}>{error.message}</span>
          </div>
        )}
      </VirtualList>
    </div>
  );
}
