import { Input, Text, UnstyledButton } from "@mantine/core";
import { useIntl } from "react-intl";
import { FieldType, type Field, type Record as ParleyRecord, type RecordType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { FileField } from "./file-field.tsx";
import { ConflictBox, InlineField, SaveState } from "./inline-field.tsx";
import { sectionsOf, stateField } from "./sections.ts";
import { useInline, useSaver, type Saver } from "./use-inline.ts";
import { badgeColor } from "./values.tsx";
import classes from "./form.module.css";

/** A record's fields: title and state on top, then a part for each kind of field. */
export function RecordForm({ type, record }: { type: RecordType; record: ParleyRecord }) {
  const t = useText();
  const { me } = useServices();
  const save = useSaver(record);
  const roles = type.update?.roles ?? [];
  const readOnly = roles.length > 0 && !roles.includes(me.role);
  const title = type.fields.find((field) => field.name === type.titleField);
  const state = stateField(type);
  const sections = sectionsOf(type);
  const common = { record, save, disabled: readOnly };
  return (
    <div className={classes.body}>
      <div className={classes.sheet}>
        {readOnly && <Text size="xs" c="dimmed">{t("record.readOnly", { type: type.pluralLabel || type.label })}</Text>}
        {title && <InlineField field={title} {...common} />}
        {state && <StateBar field={state} {...common} />}
        {sections.map((section) => (
          <section key={section.id} className={classes.section}>
            {(section.id === "details" || section.id === "people") && sections.length > 1 && <h2 className={classes.heading}>{t(`record.section.${section.id}`)}</h2>}
            <div className={classes.fields}>
              {section.fields.map((field) => (
                <div key={field.name} data-wide={field.type === FieldType.LONG_TEXT}>
                  {field.type === FieldType.FILE ? <FileField field={field} record={record} save={save} /> : <InlineField field={field} {...common} />}
                </div>
              ))}
            </div>
          </section>
        ))}
        <Stamp record={record} />
      </div>
    </div>
  );
}

/** More options than this make a list to choose from. */
const MOST_STEPS = 7;

/** The state as steps: a click goes there. */
function StateBar({ field, record, save, disabled }: { field: Field; record: ParleyRecord; save: Saver; disabled: boolean }) {
  const inline = useInline(field, record, save);
  if (field.options.length > MOST_STEPS) return <InlineField field={field} record={record} save={save} disabled={disabled} />;
  return (
    <Input.Wrapper label={field.label} labelElement="div" className={classes.state} error={inline.error}>
      <SaveState inline={inline} />
      <div className={classes.steps} role="radiogroup" aria-label={field.label}>
        {field.options.map((option) => (
          <UnstyledButton
            key={option.value}
            className={classes.step}
            role="radio"
            aria-checked={inline.value === option.value}
            disabled={disabled}
            style={{ "--step": `var(--mantine-color-${badgeColor(option.color)}-filled)`, "--ground": `var(--mantine-color-${badgeColor(option.color)}-light)`, "--ink": `var(--p-on-light-${badgeColor(option.color)}, var(--mantine-color-${badgeColor(option.color)}-light-color))` }}
            onClick={() => void inline.commit(option.value)}
          >
            {option.label}
          </UnstyledButton>
        ))}
      </div>
      <ConflictBox inline={inline} />
    </Input.Wrapper>
  );
}

function Stamp({ record }: { record: ParleyRecord }) {
  const t = useText();
  const intl = useIntl();
  if (!record.createTime) return null;
  const created = intl.formatDate(Number(record.createTime.seconds) * 1000, { dateStyle: "medium", timeStyle: "short" });
  const updated = record.updateTime ? intl.formatDate(Number(record.updateTime.seconds) * 1000, { dateStyle: "medium", timeStyle: "short" }) : created;
  return <Text size="xs" c="dimmed">{updated === created ? t("record.created", { date: created }) : t("record.createdChanged", { date: created, changed: updated })}</Text>;
}
