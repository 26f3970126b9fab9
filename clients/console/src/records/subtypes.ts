import type { Subtype } from "../api/contract.ts";

/** The kinds of update that somebody can be told of: nobody outside is ever told of an internal one. */
export function subtypesFor(subtypes: readonly Subtype[], outside: boolean): Subtype[] {
  return subtypes.filter((subtype) => !(outside && subtype.internal));
}

/** What a new follower is told of unless somebody says otherwise. */
export function defaultSubtypes(subtypes: readonly Subtype[], outside: boolean): string[] {
  return subtypesFor(subtypes, outside).filter((subtype) => subtype.default).map((subtype) => subtype.name);
}
