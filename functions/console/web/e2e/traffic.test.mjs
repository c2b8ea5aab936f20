// Who came: clicks one by one, hours, and values that filter when they are pressed. The figures are the API's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { environment, eventually, go, HANDLE, open, press, settled, textOf } from "./harness.mjs";

let server, page;
environment({ tabs: true }, (env) => ({ server, page } = env));

const DAY = 86_400_000;
const today = new Date().toISOString().slice(0, 10);
const daysAgo = (days) => new Date(Date.now() - days * DAY).toISOString().slice(0, 10);
const api = async (resource) => (await server.api("GET", resource)).body;
const keys = () => page.$$eval("table[aria-label=Clicks] tbody tr[data-key]", (rows) => rows.map((row) => row.dataset.key));
const chips = () => page.$$eval(".chips li .chip", (all) => all.map((chip) => chip.innerText));
const query = (name) => page.evaluate((part) => new URLSearchParams(location.search).get(part), name);

test("the click stream is the API's, newest first, page by page, and filtered by what is pressed", async () => {
  await open(page, server, `${HANDLE}/attribution/clicks`);
  const wanted = await api(`clicks?limit=100&since=${daysAgo(29)}T00:00:00.000Z`);
  const ids = wanted.items.map(({ clickId }) => clickId);
  assert.deepEqual(await keys(), ids.slice(0, 50));
  assert.deepEqual([...ids].sort().reverse(), ids, "newest first");
  await press(page, "Load more");
  await eventually("the second page", async () => (await keys()).length === 100);
  assert.deepEqual(await keys(), ids);

  const bot = await page.$$eval("tbody .pick", (all) => all.findIndex((each) => each.innerText === "Bot"));
  await (await page.$$("tbody .pick"))[bot].click();
  await eventually("the filter", async () => (await query("verdict")) === "bot");
  await settled(page);
  assert.deepEqual(await chips(), ["Bots only"]);
  const bots = await api(`clicks?limit=50&verdict=bot&since=${daysAgo(29)}T00:00:00.000Z`);
  assert.deepEqual(await keys(), bots.items.map(({ clickId }) => clickId));
  await (await page.$("tbody .pick")).click();
  await eventually("no filter", async () => (await query("verdict")) === null);
});

test("a click opens by keyboard, says everything that is stored of it, and its address opens it again", async () => {
  await open(page, server, `${HANDLE}/attribution/clicks?verdict=bot`);
  const [first] = (await api(`clicks?limit=1&verdict=bot&since=${daysAgo(29)}T00:00:00.000Z`)).items;
  await page.focus(".row-toggle");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".row-detail");
  const text = await textOf(page, ".row-detail");
  for (const shown of [first.clickId, first.reasons[0], first.slug, first.referrer]) assert.ok(text.includes(shown), shown);
  assert.equal(await page.$eval(".row-toggle", (button) => button.getAttribute("aria-expanded")), "true");
  assert.equal(await query("click"), first.clickId);
  await page.reload();
  await page.waitForSelector(".row-detail");
  await settled(page);
  await page.focus(".row-detail a");
  await page.keyboard.press("j");
  assert.equal(await page.evaluate(() => document.activeElement.closest("tr").dataset.key), (await keys())[1], "j goes on from an open row");
  await page.focus(".row-toggle");
  await page.keyboard.press("Enter");
  await eventually("closed again", async () => (await page.$(".row-detail")) === null);
  const slug = await page.$eval('td[data-name="Link"] a', (link) => link.innerText);
  await page.click('td[data-name="Link"] a');
  await page.waitForFunction((path) => location.pathname.endsWith(path), {}, `/links/${slug}`);
});

test("a conversion leads to its click, and the click to its link", async () => {
  const conversion = (await api("conversions?limit=1")).items[0];
  await open(page, server, `${HANDLE}/attribution/conversions/${conversion.conversionId}`);
  await press(page, "Open the click");
  await page.waitForSelector(".row-detail");
  await settled(page);
  assert.equal((await keys())[0], conversion.clickId);
  assert.ok((await textOf(page, ".row-detail")).includes(conversion.clickId));
});

test("a link's clicks are in its traffic, and no filter leaves the link", async () => {
  await open(page, server, `${HANDLE}/attribution/links/summer-sale/traffic?by=clicks`);
  const wanted = await api(`clicks?limit=50&slug=summer-sale&since=${daysAgo(29)}T00:00:00.000Z`);
  assert.ok(wanted.items.length > 1);
  assert.deepEqual(await keys(), wanted.items.map(({ clickId }) => clickId));
  assert.equal(await page.$(".chips"), null);
  await go(page, `${HANDLE}/attribution/clicks?slug=a%20b`);
  assert.match(await textOf(page, ".page"), /This is not the slug of a link/);
});

test("hours add up to the report, are walked with the arrow keys, and lead to their clicks", async () => {
  await open(page, server, `${HANDLE}/attribution/traffic?by=hour`);
  const { rows, totals } = await api(`analytics?groupBy=hour&from=${daysAgo(6)}&to=${today}`);
  const label = (key) => page.$eval(`[data-hour="${key}"]`, (cell) => cell.getAttribute("aria-label"));
  await page.waitForSelector("[data-hour]");
  const shown = await page.$$eval("[data-hour]", (all) => all.map((cell) => Number(/: ([\d,]+) clicks? of people/.exec(cell.getAttribute("aria-label"))[1].replace(",", ""))));
  assert.equal(shown.reduce((sum, people) => sum + people, 0), totals.qualifiedClicks);
  assert.equal(shown.length, 6 * 24 + new Date().getUTCHours() + 1);
  const busiest = rows.reduce((top, row) => (row.qualifiedClicks > top.qualifiedClicks ? row : top));
  assert.match(await label(busiest.key), new RegExp(`: ${busiest.qualifiedClicks} clicks? of people, ${busiest.botClicks} bots?`));
  assert.equal(await page.$$eval('[data-hour][tabindex="0"]', (all) => all.length), 1, "one stop for the tab key");
  const day = daysAgo(3);
  await page.focus(`[data-hour="${day}T12"]`);
  for (const key of ["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowLeft"]) await page.keyboard.press(key);
  assert.equal(await page.evaluate(() => document.activeElement.dataset.hour), `${daysAgo(2)}T11`);
  await page.focus(`[data-hour="${busiest.key}"]`);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.pathname.endsWith("/clicks"));
  await settled(page);
  assert.equal(await query("hour"), busiest.key);
  assert.equal((await keys()).length, Math.min(50, busiest.clicks));
  await go(page, `${HANDLE}/attribution/traffic?by=hour`);
  await press(page, "As a table");
  const table = await page.$$eval('td[data-name="People"]', (cells) => cells.map((cell) => Number(cell.innerText)));
  assert.equal(table.reduce((sum, people) => sum + people, 0), totals.qualifiedClicks);
});

test("pressing a bar filters all reports by it, pressing it again shows all", async () => {
  await open(page, server, `${HANDLE}/attribution/traffic?by=slug&range=30d`);
  const { rows } = await api("analytics?groupBy=slug");
  const [{ key: slug, qualifiedClicks }] = rows;
  const people = () => page.$eval(".chart-summary", (text) => Number(/([\d,]+) clicks of people/.exec(text.innerText)[1].replace(",", "")));
  const all = await page.$$eval("button.bar-row", (bars) => bars.length);
  await (await page.$("button.bar-row")).click();
  await eventually("the filter", async () => (await query("slug")) === slug);
  assert.deepEqual(await chips(), [`Link: ${slug}`]);
  assert.equal(await page.$$eval("button.bar-row", (bars) => bars.length), all, "the other values stay to be chosen");
  assert.equal(await page.$$eval("button.bar-row[aria-pressed=true]", (bars) => bars.length), 1);
  await press(page, "Country");
  await eventually("the countries of the link", async () => (await people()) === qualifiedClicks);
  assert.equal(await page.$("button.bar-row"), null, "reports cannot be filtered by a country");
  await press(page, "Link");
  await settled(page);
  await (await page.$("button.bar-row[aria-pressed=true]")).click();
  await eventually("no filter", async () => (await query("slug")) === null);

  await go(page, `${HANDLE}/attribution/campaigns/partner-alpha?tab=reports`);
  await press(page, "As a table");
  const of = (title) => page.$$eval("section.card", (cards, wanted) => cards.find((card) => card.querySelector("h2")?.innerText === wanted)?.innerText ?? "", title);
  const link = await page.$eval("button.bar-row .bar-name", (name) => name.innerText);
  await (await page.$("button.bar-row")).click();
  await eventually("the filter", async () => (await query("slug")) === link);
  const ofLink = await api(`analytics?groupBy=referrer&campaignId=partner-alpha&slug=${link}`);
  await eventually("the referrers of the link", async () => (await of("Referrers")).includes(`${ofLink.totals.qualifiedClicks.toLocaleString("en")} clicks of people`));
});
