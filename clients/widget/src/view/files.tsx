import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { FileJson } from "../rpc/contract.ts";
import { useApp } from "./context.ts";
import { bytes } from "./format.ts";
import { CloseIcon, FileIcon } from "./icons.tsx";

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/** The files of a message: pictures as such, all others as tiles. */
export function Files({ files }: { files: readonly FileJson[] }): VNode {
  return (
    <>
      {files.map((file) => (PICTURES.includes(file.mediaType ?? "") ? <Picture key={file.id} file={file} /> : <Tile key={file.id} file={file} />))}
    </>
  );
}

function useLink(file: FileJson): () => Promise<string> {
  const { conversation } = useApp();
  return async () => {
    const { url, path = "" } = await conversation.client.call("thread.v1.FileService/CreateFileLink", { fileId: file.id ?? "" });
    return url || path;
  };
}

function Tile({ file }: { file: FileJson }): VNode {
  const { words } = useApp();
  const link = useLink(file);
  const [failed, setFailed] = useState(false);
  const load = async (): Promise<void> => {
    try {
      setFailed(false);
      const anchor = document.createElement("a");
      anchor.href = await link();
      anchor.download = file.name ?? "";
      anchor.click();
    } catch {
      setFailed(true);
    }
  };
  return (
    <button type="button" class="tile" aria-label={words.download(file.name ?? "")} onClick={() => void load()}>
      <FileIcon />
      <span>
        <b dir="auto">{file.name}</b>
        <small>{failed ? words.actionFailed : bytes(Number(file.size ?? 0))}</small>
      </span>
    </button>
  );
}

function Picture({ file }: { file: FileJson }): VNode {
  const { words } = useApp();
  const link = useLink(file);
  const [path, setPath] = useState("");
  const [large, setLarge] = useState(false);
  const tries = useRef(0);
  const load = async (): Promise<void> => {
    if (tries.current++ > 3) return;
    setPath(await link().catch(() => ""));
  };
  useEffect(() => void load(), [file.id]);
  return (
    <>
      <button type="button" class="picture" aria-label={words.show(file.name ?? words.image)} onClick={() => setLarge(true)}>
        {path && <img src={path} alt="" onError={() => void load()} />}
      </button>
      {large && path && <Viewer path={path} name={file.name ?? ""} close={() => setLarge(false)} />}
    </>
  );
}

function Viewer({ path, name, close }: { path: string; name: string; close: () => void }): VNode {
  const { words } = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="viewer" ref={dialog} aria-label={name} onClose={close}>
      <button type="button" class="icon" aria-label={words.close} onClick={() => dialog.current?.close()}>
        <CloseIcon />
      </button>
      <img src={path} alt={name} />
    </dialog>
  );
}
