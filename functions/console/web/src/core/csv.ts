// What a spreadsheet could evaluate begins with one of these, also after blanks, invisible characters and quotes, which it skips.
const FORMULA = /^[\s\p{Z}\p{C}"'`‘’“”]*[=+\-@＝＋－＠\t\r\n]/u;
const NUMBER = /^-?\d+(\.\d+)?$/;

const cell = (text: string): string => `"${(FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

/** CSV (RFC 4180). Text that a spreadsheet could take for a formula begins with an apostrophe, as in exports. */
export const csvText = (rows: readonly (readonly string[])[]): string => rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
