import { Progress, Skeleton, Text, UnstyledButton } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { IconChevronLeft, IconChevronRight, IconDownload, IconFile, IconFileText, IconFileZip, IconMusic, IconPhoto, IconTable, IconVideo, IconX, type Icon } from "@tabler/icons-react";
import { createElement, useState } from "react";
import { useIntl, type IntlShape } from "react-intl";
import { FileService, type File as StoredFile } from "../api/contract.ts";
import { Dialog } from "../ui/dialog.tsx";
import { useText } from "../intl/intl.tsx";
import { IconButton } from "../ui/header.tsx";
import type { Upload } from "./upload.ts";
import classes from "./files.module.css";

const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"]);

/** True for what a browser shows as a picture. */
export function isPicture(file: { mediaType: string }): boolean {
  return PICTURES.has(file.mediaType);
}

/** A size as people read it. */
export function sizeText(intl: IntlShape, bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log(bytes) / Math.log(1000)));
  return intl.formatNumber(bytes / 1000 ** step, {
    style: "unit",
    unit: units[step],
    unitDisplay: "short",
    maximumFractionDigits: step > 1 ? 1 : 0,
  });
}

function useLink(file: StoredFile, enabled = true): string | undefined {
  const { data } = useQuery(FileService.method.createFileLink, { fileId: file.id }, { staleTime: 4 * 60_000, gcTime: 4 * 60_000, enabled });
  return data?.path;
}

function iconFor(mediaType: string): Icon {
  if (mediaType.startsWith("image/")) return IconPhoto;
  if (mediaType.startsWith("video/")) return IconVideo;
  if (mediaType.startsWith("audio/")) return IconMusic;
  if (/zip|tar|compress/u.test(mediaType)) return IconFileZip;
  if (/csv|sheet|excel/u.test(mediaType)) return IconTable;
  if (/pdf|text|word/u.test(mediaType)) return IconFileText;
  return IconFile;
}

function FileIcon({ mediaType }: { mediaType: string }) {
  return createElement(iconFor(mediaType), { size: 22, stroke: 1.5, "aria-hidden": true });
}

/** The files of a message: pictures to look at, everything else to load. */
export function FileTiles({ files }: { files: StoredFile[] }) {
  const [shown, setShown] = useState<number>();
  const pictures = files.filter(isPicture);
  return (
    <div className={classes.tiles}>
      {files.map((file) =>
        isPicture(file) ? (
          <Picture key={file.id} file={file} onOpen={() => setShown(pictures.indexOf(file))} />
        ) : (
          <Tile key={file.id} file={file} />
        ),
      )}
      {shown !== undefined && <Viewer files={pictures} start={shown} onClose={() => setShown(undefined)} />}
    </div>
  );
}

function Picture({ file, onOpen }: { file: StoredFile; onOpen: () => void }) {
  const t = useText();
  const path = useLink(file);
  return (
    <UnstyledButton className={classes.picture} onClick={onOpen} aria-label={t("file.view", { name: file.name })}>
      {path ? <img src={path} alt={file.name} loading="lazy" /> : <Skeleton h="100%" radius={0} />}
    </UnstyledButton>
  );
}

function Tile({ file }: { file: StoredFile }) {
  const intl = useIntl();
  const t = useText();
  const path = useLink(file);
  return (
    <a className={classes.tile} href={path} download={file.name} aria-label={t("file.download", { name: file.name })}>
      <FileIcon mediaType={file.mediaType} />
      <span className={classes.tileText}>
        <span className={classes.tileName}>{file.name}</span>
        <span className={classes.tileSize}>{sizeText(intl, Number(file.size))}</span>
      </span>
      <IconDownload size={16} aria-hidden />
    </a>
  );
}

/** Pictures one at a time, with the arrow keys. */
function Viewer({ files, start, onClose }: { files: StoredFile[]; start: number; onClose: () => void }) {
  const t = useText();
  const [at, setAt] = useState(start);
  const file = files[at];
  const step = (by: number): void => setAt((at + by + files.length) % files.length);
  if (!file) return null;
  return (
    <Dialog
      opened
      onClose={onClose}
      title={file.name}
      size="auto"
      centered
      onKeyDown={(event) => {
        if (event.key === "ArrowRight") step(1);
        if (event.key === "ArrowLeft") step(-1);
      }}
    >
      <div className={classes.viewer}>
        <Large file={file} />
        {files.length > 1 && (
          <div className={classes.viewerSteps}>
            <IconButton label={t("file.previous")} onClick={() => step(-1)}><IconChevronLeft size={18} className="flip" /></IconButton>
            <Text size="xs" c="dimmed" className="numeric">{at + 1} / {files.length}</Text>
            <IconButton label={t("file.next")} onClick={() => step(1)}><IconChevronRight size={18} className="flip" /></IconButton>
          </div>
        )}
      </div>
    </Dialog>
  );
}

function Large({ file }: { file: StoredFile }) {
  const path = useLink(file);
  return path ? <img className={classes.large} src={path} alt={file.name} /> : <Skeleton w={480} h={320} />;
}

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
