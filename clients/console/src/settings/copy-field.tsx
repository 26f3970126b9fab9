import { CopyButton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useText } from "../intl/intl.tsx";
import { IconButton } from "../ui/header.tsx";
import classes from "./settings.module.css";

/** A text to be copied elsewhere, as it stands. */
export function CopyField({ label, value }: { label: string; value: string }) {
  const t = useText();
  return (
    <div>
      <div className={classes.itemDetail}>{label}</div>
      <div className={classes.record}>
        <code className={classes.code} dir="ltr">{value}</code>
        <CopyButton value={value}>
          {({ copied, copy }) => <IconButton label={copied ? t("error.copied") : t("settings.copy", { name: label })} onClick={copy}>{copied ? <IconCheck size={16} /> : <IconCopy size={16} />}</IconButton>}
        </CopyButton>
      </div>
    </div>
  );
}
