// The log of deliveries over its whole time: page after page, back to the first day that is kept.
import assert from "node:assert/strict";
import { test } from "node:test";
import { environment, eventually, HANDLE, open, press, settled, textOf } from "./harness.mjs";

let server, page;
environment({ tabs: true }, (env) => ({ server, page } = env));

const DAY = 86_400_000;
const rows = () => page.$$eval("table[aria-label=Deliveries] tbody tr[data-key]", (all) => all.map(({ dataset }) => dataset.key));
const loadMore = () => page.evaluate(() => [...document.querySelectorAll(".table-foot button")].some((button) => button.innerText === "Load more"));

/** Every delivery that the API lists, newest first. */
async function all(query = "") {
  const items = [];
  for (let cursor = null; cursor !== undefined; ) {
    const { body } = await server.api("GET", `deliveries?limit=50${query}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    items.push(...body.items);
    cursor = body.nextCursor ?? undefined;
  }
  return items;
}

test("the log goes on page by page to the first day of the month, and is the API's", async () => {
  // What is sent meanwhile is none of the month's.
  const until = new Date().toISOString();
  const listed = await all(`&until=${until}`);
  assert.ok(listed.length > 50, `more than a page: ${listed.length}`);
  await open(page, server, `${HANDLE}/lifecycle/deliveries?until=${until}`);
  let pages = 1;
  for (; await loadMore(); pages++) {
    const before = (await rows()).length;
    await press(page, "Load more");
    await eventually("another page", async () => (await rows()).length > before || !(await loadMore()));
    await settled(page);
  }
  assert.ok(pages > 1, `${pages} pages`);
  assert.deepEqual(await rows(), listed.map(({ deliveryId }) => deliveryId));
});

test("a delivery of the first of thirty days is listed, found by its days in the address, and opens with its attempts", async () => {
  const oldest = (await all()).at(-1);
  const age = (Date.now() - Date.parse(oldest.createdAt)) / DAY;
  assert.ok(age > 28 && age < 30, `${age.toFixed(1)} days old`);
  const since = new Date(Date.parse(oldest.createdAt) - 1_000).toISOString();
  const until = new Date(Date.parse(oldest.createdAt) + 60_000).toISOString();
  await open(page, server, `${HANDLE}/lifecycle/deliveries?since=${since}&until=${until}`);
  await eventually("the delivery", async () => (await rows()).includes(oldest.deliveryId));
  await page.click(`tr[data-key="${oldest.deliveryId}"] .row-name`);
  await page.waitForFunction((id) => location.pathname.endsWith(id), {}, oldest.deliveryId);
  await settled(page);
  const text = await textOf(page, ".page");
  assert.ok(text.includes(oldest.eventType) && text.includes(oldest.deliveryId), text);
  assert.match(text, /attempt/i);
});
