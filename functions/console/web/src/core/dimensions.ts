import { countryName } from "./countries";

const OTHERS: Readonly<Record<string, string>> = { none: "None", direct: "Direct", referral: "Referral", other: "Other (rest)", UNKNOWN: "Unknown", MOBILE: "Mobile", TABLET: "Tablet", DESKTOP: "Desktop", BOT: "Bot" };

export type Dimension = "country" | "referrer" | "source" | "segment" | "device" | "slug" | "campaign";

/** The name of a report's key, for people. */
export const keyName = (dimension: Dimension, key: string): string =>
  key === "other" ? "Other (rest)" : dimension === "country" ? countryName(key) : dimension === "slug" || dimension === "campaign" ? (key === "none" ? "None" : key) : (OTHERS[key] ?? key);
