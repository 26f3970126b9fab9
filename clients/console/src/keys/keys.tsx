import { createContext, useContext, useEffect, useRef, useState, type ReactNode } from "react";

/** What a key does. */
export type KeyMap = Record<string, (event: KeyboardEvent) => void>;

/** How long the second key of a pair such as "g i" may take. */
const PAIR_MS = 1_200;

/**
 * Finds what a key press does. Later maps come before earlier ones, so that a
 * page's keys win over the shell's.
 */
export class KeyDispatcher {
  #maps: KeyMap[] = [];
  #prefix = "";
  #prefixTime = 0;
  #enabled = true;

  /** Switches every shortcut on or off. */
  enable(on: boolean): void {
    this.#enabled = on;
  }

  add(map: KeyMap): () => void {
    this.#maps.push(map);
    return () => {
      this.#maps = this.#maps.filter((one) => one !== map);
    };
  }

  /** Handles a key press; answers whether it did something. */
  press(event: KeyboardEvent): boolean {
    if (!this.#enabled || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false;
    if (isTyping(event.target) || isCovered(event.target)) return false;
    const pair = event.timeStamp - this.#prefixTime < PAIR_MS ? `${this.#prefix} ${event.key}` : "";
    const action = this.#find(pair) ?? this.#find(event.key);
    this.#prefix = action ? "" : event.key;
    this.#prefixTime = event.timeStamp;
    if (!action) return false;
    event.preventDefault();
    action(event);
    return true;
  }

  #find(keys: string): KeyMap[string] | undefined {
    if (keys === "") return undefined;
    return this.#maps.findLast((map) => map[keys] !== undefined)?.[keys];
  }
}

/** True where a key is text, or moves within a control. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return target.closest("input, textarea, select, [contenteditable='true'], [role='textbox'], [role='menu'], [role='listbox']") !== null;
}

/** True if something modal lies over the page. */
function isCovered(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("[role='dialog']") !== null;
}

const Dispatcher = createContext<KeyDispatcher | null>(null);

/** Listens to the keyboard for everything below. */
export function Keys({ enabled, children }: { enabled: boolean; children: ReactNode }) {
  const [dispatcher] = useState(() => new KeyDispatcher());
  useEffect(() => {
    dispatcher.enable(enabled);
  }, [dispatcher, enabled]);
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => void dispatcher.press(event);
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, [dispatcher]);
  return <Dispatcher value={dispatcher}>{children}</Dispatcher>;
}

/** Adds shortcuts while the component is shown. */
export function useKeys(map: KeyMap): void {
  const dispatcher = useContext(Dispatcher);
  const current = useRef(map);
  useEffect(() => {
    current.current = map;
  });
  const names = Object.keys(map).join("|");
  useEffect(() => {
    const bound: KeyMap = {};
    for (const name of names.split("|")) bound[name] = (event) => current.current[name]?.(event);
    return dispatcher?.add(bound);
  }, [dispatcher, names]);
}
