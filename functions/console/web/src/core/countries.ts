const names = new Intl.DisplayNames("en", { type: "region", fallback: "code" });

/** The name of a country by its code; other codes as they are. */
export function countryName(code: string): string {
  if (code.toUpperCase() === "UNKNOWN") return "an unknown country";
  return /^[A-Za-z]{2}$/.test(code) ? (names.of(code.toUpperCase()) ?? code) : code;
}
