import { countryName } from "./countries";

const OTHERS: Readonly<Record<string, string>> = { none: "None", direct: "Direct", referral: "Referral", other: "Other (rest)", UNKNOWN: "Unknown", MOBILE: "Mobile", TABLET: "Tablet", DESKTOP: "Desktop", BOT: "Bot" };

export type Dimension = "country" | "referrer" | "source" | "segment" | "device" | "slug" | "campaign";

/** Clicks that have no value of a dimension. */
const NONE: Readonly<Partial<Record<Dimension, string>>> = { segment: "No session", campaign: "No campaign" };

/** The name of a report's key, for people. */
export const keyName = (dimension: Dimension, key: string): string =>
  key === "other" ? "Other (rest)" : key === "none" && NONE[dimension] ? NONE[dimension] : dimension === "country" ? countryName(key) : dimension === "slug" || dimension === "campaign" ? key : (OTHERS[key] ?? key);
