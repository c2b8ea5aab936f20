/** Several as one of them: `Germany, Austria, or Japan`. */
export const either = (values: readonly string[]): string => new Intl.ListFormat("en", { type: "disjunction" }).format(values);

/** All of several: `a, b, and c`. */
export const together = (values: readonly string[]): string => new Intl.ListFormat("en", { type: "conjunction" }).format(values);

/** Whether two words are the same but for capitals. */
export const sameWord = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
