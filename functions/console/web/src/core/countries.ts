const names = new Intl.DisplayNames("en", { type: "region", fallback: "code" });

/** The name of a country by its code; other codes as they are. */
export function countryName(code: string): string {
  if (code.toUpperCase() === "UNKNOWN") return "an unknown country";
  return /^[A-Za-z]{2}$/.test(code) ? (names.of(code.toUpperCase()) ?? code) : code;
}

const plain = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").trim().toLowerCase();

const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
/** Whether a code is of now: others, such as DD, have become another one. */
const isCurrent = (code: string): boolean => Intl.getCanonicalLocales(`und-${code}`)[0] === `und-${code}`;
let codes: ReadonlyMap<string, string> | null = null;

function byName(): ReadonlyMap<string, string> {
  if (codes) return codes;
  const all = LETTERS.flatMap((first) => LETTERS.map((second) => first + second)).filter(isCurrent);
  return (codes = new Map(all.map((code) => [plain(countryName(code)), code])));
}

/** The code of a country that is written as a name or as two letters; null for anything else. */
export const countryCode = (text: string): string | null => byName().get(plain(text)) ?? (/^[a-z]{2}$/i.test(text.trim()) ? text.trim().toUpperCase() : null);
