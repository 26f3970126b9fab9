/** Adds two exact decimals such as "12.50"; what is none counts as nothing. */
export function addDecimals(a: string, b: string): string {
  const [left, right] = [read(a), read(b)];
  const places = Math.max(left.places, right.places);
  const sum = scale(left, places) + scale(right, places);
  return write(sum, places);
}

/** The same number below nothing. */
export function negated(text: string): string {
  const { digits, places } = read(text);
  return write(-digits, places);
}

interface Decimal {
  digits: bigint;
  places: number;
}

function read(text: string): Decimal {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/u.exec(text.trim());
  if (!match) return { digits: 0n, places: 0 };
  const [, sign, whole = "0", part = ""] = match;
  const digits = BigInt(whole + part);
  return { digits: sign === "-" ? -digits : digits, places: part.length };
}

function scale({ digits, places }: Decimal, to: number): bigint {
  return digits * 10n ** BigInt(to - places);
}

function write(digits: bigint, places: number): string {
  const sign = digits < 0n ? "-" : "";
  const text = (digits < 0n ? -digits : digits).toString().padStart(places + 1, "0");
  return places === 0 ? sign + text : `${sign}${text.slice(0, -places)}.${text.slice(-places)}`;
}
