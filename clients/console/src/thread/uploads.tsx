import { Progress } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useIntl } from "react-intl";
import { useText } from "../intl/intl.tsx";
import { IconButton } from "../ui/header.tsx";
import { sizeText } from "./files.tsx";
import type { Upload } from "./upload.ts";
import classes from "./files.module.css";

/** Files waiting in a composer. */
export function Uploads({ uploads, onRetry, onRemove }: { uploads: readonly Upload[]; onRetry: (key: string) => void; onRemove: (key: string) => void }) {
  const t = useText();
  const intl = useIntl();
  if (uploads.length === 0) return null;
  return (
    <ul className={classes.uploads}>
      {uploads.map((upload) => (
        <li key={upload.key} className={classes.upload} data-state={upload.state}>
          <span className={classes.tileText}>
            <span className={classes.tileName}>{upload.name}</span>
            {upload.state === "failed" ? (
              <button type="button" className={classes.retry} onClick={() => onRetry(upload.key)}>
                {upload.fault?.reason === "FILE_TOO_LARGE" ? t("file.tooLarge") : t("file.failed")}
              </button>
            ) : (
              <span className={classes.tileSize}>{sizeText(intl, upload.size)}</span>
            )}
            {upload.state === "sending" && (
              <Progress value={(upload.sent / Math.max(1, upload.size)) * 100} size={3} aria-label={t("file.sending", { name: upload.name })} />
            )}
          </span>
          <IconButton size="sm" label={t("file.remove", { name: upload.name })} onClick={() => onRemove(upload.key)}><IconX size={14} /></IconButton>
        </li>
      ))}
    </ul>
  );
}
