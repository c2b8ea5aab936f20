/** The marks of a time line that ends at the moment of a decision: seconds before it, each as far from the next as the others. */
export const MARKS = [
  { ago: 0, name: "now" },
  { ago: 60, name: "1 min" },
  { ago: 600, name: "10 min" },
  { ago: 3_600, name: "1 h" },
  { ago: 21_600, name: "6 h" },
  { ago: 86_400, name: "1 d" },
  { ago: 604_800, name: "7 d" },
  { ago: 2_592_000, name: "30 d" },
] as const;

/** The step of a move between a mark and the one before it, in seconds. */
const STEPS = [5, 30, 300, 1_800, 3_600, 21_600, 86_400] as const;
const PARTS = MARKS.length - 1;
/** A signal counts while it is younger than 30 days. */
export const MAX_AGO = 2_591_999;

/** The part of the line that holds a moment: 0 is between now and the first mark. */
function part(ago: number): number {
  const next = MARKS.findIndex((mark) => ago < mark.ago);
  return next < 0 ? PARTS - 1 : next - 1;
}

const mark = (index: number): number => MARKS[index]?.ago ?? 0;
const step = (index: number): number => STEPS[index] ?? 86_400;
const bounded = (ago: number): number => Math.max(0, Math.min(MAX_AGO, ago));

/** How far from the beginning of the line a moment is, from 0 to 1. */
export function placeOf(ago: number): number {
  const index = part(bounded(ago));
  const share = (bounded(ago) - mark(index)) / (mark(index + 1) - mark(index));
  return 1 - (index + share) / PARTS;
}

/** The moment at a place of the line, to a whole step. */
export function agoAt(place: number): number {
  const along = (1 - Math.max(0, Math.min(1, place))) * PARTS;
  const index = Math.min(PARTS - 1, Math.floor(along));
  const exact = mark(index) + (along - index) * (mark(index + 1) - mark(index));
  return bounded(Math.round(exact / step(index)) * step(index));
}

/** A step earlier or later. */
export function stepped(ago: number, direction: "earlier" | "later"): number {
  if (direction === "earlier") {
    const size = step(part(ago));
    return bounded((Math.floor(ago / size) + 1) * size);
  }
  // Just below a mark the steps are those of the part before it.
  const size = step(part(Math.max(0, ago - 1)));
  return bounded((Math.ceil(ago / size) - 1) * size);
}

/** The next mark earlier or later. */
export function toMark(ago: number, direction: "earlier" | "later"): number {
  const found = direction === "earlier" ? MARKS.find((one) => one.ago > ago) : [...MARKS].reverse().find((one) => one.ago < ago);
  return bounded(found?.ago ?? (direction === "earlier" ? MAX_AGO : 0));
}

const UNITS = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]] as const;

/** How long before, in at most two units: `2 d 3 h before`. */
export function agoText(ago: number): string {
  if (ago <= 0) return "at the decision";
  if (ago === MAX_AGO) return "almost 30 d before";
  const first = UNITS.findIndex(([, size]) => ago >= size);
  const [unit, size] = UNITS[first] ?? UNITS[3];
  const [nextUnit, nextSize] = UNITS[first + 1] ?? ["s", 1];
  const rest = Math.floor((ago % size) / nextSize);
  return `${Math.floor(ago / size)} ${unit}${rest && size > 1 ? ` ${rest} ${nextUnit}` : ""} before`;
}
