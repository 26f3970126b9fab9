import { Button, Skeleton, Text, UnstyledButton, useDirection } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { IconChevronLeft, IconChevronRight, IconDownload, IconFile, IconFileText, IconFileZip, IconMusic, IconPhoto, IconTable, IconVideo, type Icon } from "@tabler/icons-react";
import { createElement, useState } from "react";
import { useIntl, type IntlShape } from "react-intl";
import { FileLinkKind, FileService, type File as StoredFile } from "../api/contract.ts";
import { Dialog } from "../ui/dialog.tsx";
import { useText } from "../intl/intl.tsx";
import { IconButton } from "../ui/header.tsx";
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
    unitDisplay: step === 0 ? "long" : "short",
    maximumFractionDigits: step > 1 ? 1 : 0,
  });
}

/** The address of a file, or of the small picture of it. */
/** An address that a file, or its small picture, can be loaded from. */
export function useLink(file: StoredFile, kind: FileLinkKind = FileLinkKind.UNSPECIFIED): { path: string | undefined; failed: boolean } {
  const { data, isError } = useQuery(FileService.method.createFileLink, { fileId: file.id, kind }, { staleTime: 4 * 60_000, gcTime: 4 * 60_000 });
  return { path: data?.url || data?.path, failed: isError };
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

/** A picture for a kind of file. */
export function FileIcon({ mediaType, size }: { mediaType: string; size: number }) {
  return createElement(iconFor(mediaType), { size, stroke: 1.5, "aria-hidden": true });
}

/** True for what is shown as a picture in the thread. */
function isShown(file: StoredFile): boolean {
  return file.hasPreview || isPicture(file);
}

/** The files of a message: what can be seen is shown, everything else is to be loaded. */
export function FileTiles({ files }: { files: StoredFile[] }) {
  const [shown, setShown] = useState<number>();
  const pictures = files.filter(isShown);
  return (
    <div className={classes.tiles}>
      {files.map((file) => (isShown(file) ? <Picture key={file.id} file={file} onOpen={() => setShown(pictures.indexOf(file))} /> : <Tile key={file.id} file={file} />))}
      {shown !== undefined && <Viewer files={pictures} start={shown} onClose={() => setShown(undefined)} />}
    </div>
  );
}

const MOST = { width: 260, height: 180 };

/** The room that a picture takes, before it is there. */
export function sizeOf(file: Pick<StoredFile, "previewWidth" | "previewHeight">): { width: number; height: number } {
  const { previewWidth: width, previewHeight: height } = file;
  if (width <= 0 || height <= 0) return { width: 200, height: 140 };
  const scale = Math.min(1, MOST.width / width, MOST.height / height);
  return { width: Math.max(64, Math.round(width * scale)), height: Math.max(48, Math.round(height * scale)) };
}

function Picture({ file, onOpen }: { file: StoredFile; onOpen: () => void }) {
  const t = useText();
  const { path, failed } = useLink(file, file.hasPreview ? FileLinkKind.PREVIEW : FileLinkKind.UNSPECIFIED);
  const [broken, setBroken] = useState(false);
  const { width, height } = sizeOf(file);
  if (failed || broken) return <Tile file={file} />;
  return (
    <UnstyledButton className={classes.picture} style={{ inlineSize: width, blockSize: height }} onClick={onOpen} aria-label={t("file.view", { name: file.name })}>
      {path ? <img src={path} alt={file.name} width={width} height={height} loading="lazy" onError={() => setBroken(true)} /> : <Skeleton h="100%" radius={0} />}
      {!isPicture(file) && <span className={classes.caption}><FileIcon mediaType={file.mediaType} size={15} />{file.name}</span>}
    </UnstyledButton>
  );
}

function Tile({ file }: { file: StoredFile }) {
  const intl = useIntl();
  const t = useText();
  const { path } = useLink(file);
  return (
    <a className={classes.tile} href={path} download={file.name} aria-label={t("file.download", { name: file.name })}>
      <FileIcon mediaType={file.mediaType} size={22} />
      <span className={classes.tileText}>
        <span className={classes.tileName}>{file.name}</span>
        <span className={classes.tileSize}>{sizeText(intl, Number(file.size))}</span>
      </span>
      <IconDownload size={16} aria-hidden />
    </a>
  );
}

/** Pictures one at a time, with the arrow keys. */
export function Viewer({ files, start, onClose }: { files: StoredFile[]; start: number; onClose: () => void }) {
  const t = useText();
  const [at, setAt] = useState(start);
  const ahead = useDirection().dir === "rtl" ? -1 : 1;
  const file = files[at];
  if (!file) return null;
  const step = (by: number): void => setAt((at + by + files.length) % files.length);
  const keys: Record<string, () => void> = { ArrowRight: () => step(ahead), ArrowLeft: () => step(-ahead), Home: () => setAt(0), End: () => setAt(files.length - 1) };
  return (
    <Dialog
      opened
      onClose={onClose}
      title={file.name}
      size="auto"
      centered
      onKeyDown={(event) => {
        const run = keys[event.key];
        if (!run) return;
        event.preventDefault();
        run();
      }}
    >
      <div className={classes.viewer}>
        <Large key={file.id} file={file} />
        <div className={classes.viewerSteps}>
          {files.length > 1 && (
            <>
              <IconButton label={t("file.previous")} onClick={() => step(-1)}><IconChevronLeft size={18} className="flip" /></IconButton>
              <Text size="xs" c="dimmed" className="numeric">{at + 1} / {files.length}</Text>
              <IconButton label={t("file.next")} onClick={() => step(1)}><IconChevronRight size={18} className="flip" /></IconButton>
            </>
          )}
          <Download file={file} />
        </div>
      </div>
    </Dialog>
  );
}

/** A picture itself; of any other file the picture there is of it. */
function Large({ file }: { file: StoredFile }) {
  const { path } = useLink(file, isPicture(file) ? FileLinkKind.UNSPECIFIED : FileLinkKind.PREVIEW);
  const { previewWidth: width, previewHeight: height } = file;
  const ratio = width > 0 && height > 0 ? { aspectRatio: `${width} / ${height}` } : undefined;
  return path ? <img className={classes.large} style={ratio} src={path} alt={file.name} /> : <Skeleton w={480} h={320} />;
}

function Download({ file }: { file: StoredFile }) {
  const t = useText();
  const { path } = useLink(file);
  return (
    <Button component="a" variant="subtle" size="compact-sm" leftSection={<IconDownload size={15} />} href={path} download={file.name}>
      {t("file.save")}
    </Button>
  );
}
