import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe finds in a page or a part of it. It is evaluated by the browser's debugger: the policy of the page stays as it is. */
export async function findings(page, selector = null) {
  await page.evaluate(source);
  const { violations } = await page.evaluate((within, tags) => globalThis.axe.run(within ?? document, { runOnly: { type: "tag", values: tags } }), selector, RULES);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} (${failureSummary})`).slice(0, 3).join("; ")}`);
}
