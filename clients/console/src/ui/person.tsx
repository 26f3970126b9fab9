import { useQuery } from "@connectrpc/connect-query";
import { createContext, useContext, useMemo, type ReactNode } from "react";
import { Availability, LiveService, PartyKind, PresenceState, type Party, type Presence } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import classes from "./person.module.css";

const Presences = createContext<ReadonlyMap<string, Presence>>(new Map());

/** Knows how present everybody is, for all faces below. */
export function PresenceProvider({ children }: { children: ReactNode }) {
  const { data } = useQuery(LiveService.method.listPresence, { pageSize: 200 }, { staleTime: Infinity });
  const presences = useMemo(() => new Map(data?.presences.map((presence) => [presence.userId, presence])), [data]);
  return <Presences value={presences}>{children}</Presences>;
}

/** How present a user is; undefined when not there or not known. */
export function usePresence(userId: string): Presence | undefined {
  return useContext(Presences).get(userId);
}

/** Up to two letters for a name. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter((word) => word !== "");
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...(word ?? "")][0] ?? "").join("").toLocaleUpperCase() || "?";
}

/** A hue that stays the same for an id. */
export function hueOf(id: string): number {
  let hash = 0x811c9dc5;
  for (const letter of id) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x045d9f3b) >>> 0;
  return hash % 360;
}

interface FaceProps {
  id: string;
  name: string;
  size?: number;
  kind?: PartyKind;
  /** Shows whether the user is there. */
  presence?: boolean;
}

/** Somebody's picture: initials on a colour made from the id. */
export function Face({ id, name, size = 28, kind = PartyKind.USER, presence = false }: FaceProps) {
  return (
    <span className={classes.face} style={{ "--size": `${size}px`, "--hue": hueOf(id) }} data-kind={kind} aria-hidden={!presence}>
      {initials(name)}
      {presence && kind === PartyKind.USER && <Dot userId={id} />}
    </span>
  );
}

/** The face of a party of a thread. */
export function PartyFace({ party, size, presence }: { party: Party | undefined; size?: number; presence?: boolean }) {
  return <Face id={party?.id ?? ""} name={party?.name ?? "?"} kind={party?.kind} size={size} presence={presence} />;
}

function Dot({ userId }: { userId: string }) {
  const presence = usePresence(userId);
  const t = useText();
  if (!presence || presence.state === PresenceState.OFFLINE || presence.state === PresenceState.UNSPECIFIED) return null;
  const state = stateOf(presence);
  return <span className={classes.dot} data-state={state}><span className="sr-only">{t(`presence.${state}`)}</span></span>;
}

/** The word for a presence. */
export function stateOf(presence: Presence): "online" | "away" | "busy" {
  if (presence.availability === Availability.BUSY) return "busy";
  return presence.state === PresenceState.ONLINE ? "online" : "away";
}
