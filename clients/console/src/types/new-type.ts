/** Stands in an address for a type that does not exist yet: no type can be called so. */
export const NEW_TYPE = "-";
