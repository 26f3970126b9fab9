import { Stack, Text, Textarea } from "@mantine/core";
import { useText } from "../intl/intl.tsx";
import { rightOf, withRight, type Right } from "./draft.ts";
import { RoleSelect } from "./role-select.tsx";
import type { PartProps } from "./type-page.tsx";
import classes from "./types.module.css";

const RIGHTS: Right[] = ["read", "create", "update", "delete"];

/** Who may do what with the records of a type. */
export function RightsPart({ draft, onChange, errorAt }: PartProps) {
  const t = useText();
  return (
    <Stack gap="md">
      <Text size="xs" c="dimmed">{t("types.rightsHint")}</Text>
      {RIGHTS.map((right) => {
        const permission = rightOf(draft, right);
        return (
          <fieldset key={right} className={classes.right}>
            <legend>{t(`types.right.${right}`)}</legend>
            <RoleSelect label={t("types.rightRoles")} value={permission.roles} error={errorAt(`${right}.roles`)} onChange={(roles) => onChange(withRight(draft, right, { ...permission, roles }))} />
            <Textarea
              label={t("types.condition")}
              autosize
              minRows={1}
              maxRows={6}
              maxLength={4_096}
              classNames={{ input: classes.mono }}
              error={errorAt(`${right}.condition`) ?? errorAt(right)}
              value={permission.condition}
              onChange={(event) => onChange(withRight(draft, right, { ...permission, condition: event.currentTarget.value }))}
            />
          </fieldset>
        );
      })}
    </Stack>
  );
}
