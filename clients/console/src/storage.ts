/** What stores need of a browser's storage. */
export type Keep = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** The part of a storage that belongs to one user: others of the same browser never see it. */
export function storageOf(userId: string, storage: Storage): Keep {
  const key = (name: string): string => `${name}.${userId}`;
  return {
    getItem: (name) => storage.getItem(key(name)),
    removeItem: (name) => storage.removeItem(key(name)),
    setItem: (name, value) => {
      try {
        storage.setItem(key(name), value);
      } catch {
        // A full storage must not stop anybody from writing or sending.
      }
    },
  };
}
