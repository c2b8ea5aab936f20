const regions = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });

/** The name of a country; its code if it has none, and words for a visit without one. */
export function countryName(code: string): string {
  if (code === "UNKNOWN") return "Unknown";
  return /^[A-Z]{2}$/.test(code) ? (regions.of(code) ?? code) : code;
}

const OTHERS: Readonly<Record<string, string>> = { direct: "Direct", referral: "Referral", other: "Other (rest)", UNKNOWN: "Unknown", MOBILE: "Mobile", TABLET: "Tablet", DESKTOP: "Desktop", BOT: "Bot" };

export type Dimension = "country" | "referrer" | "source" | "segment" | "device" | "slug";

/** The name of a report's key, for people. */
export const keyName = (dimension: Dimension, key: string): string =>
  key === "other" ? "Other (rest)" : dimension === "country" ? countryName(key) : dimension === "slug" ? key : (OTHERS[key] ?? key);
