type Rgb = readonly [number, number, number];

/** The colour of channels that chose none. */
export const TEAL = "#0b6b63";

function parse(color: string): Rgb {
  const hex = /^#[0-9a-f]{6}$/i.test(color) ? color : TEAL;
  const part = (at: number): number => Number.parseInt(hex.slice(at, at + 2), 16);
  return [part(1), part(3), part(5)];
}

/** Relative luminance as WCAG defines it. */
function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast of two colours as WCAG defines it, from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [low, high] = [luminance(parse(one)), luminance(parse(other))].toSorted((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** White, or black where white could not be read on the colour. One of them always can. */
export function inkOn(color: string): string {
  return contrast(color, "#ffffff") >= 4.5 ? "#ffffff" : "#000000";
}

/** The colour, made darker or lighter until text in it can be read on a ground. */
export function readable(color: string, ground: string): string {
  const end = luminance(parse(ground)) > 0.4 ? 0 : 255;
  let rgb = parse(color);
  const hex = (): string => `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
  for (let step = 0; step < 20 && contrast(hex(), ground) < 4.6; step++) {
    rgb = rgb.map((part) => part + (end - part) * 0.12) as unknown as Rgb;
  }
  return hex();
}
