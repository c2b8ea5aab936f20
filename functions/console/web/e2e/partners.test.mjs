// Two partners (seed 001): figures, confidence, payout; an order from its key to its refund; figures that are the API's.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { environment, eventually, fill, go, open, prepare, press, settled, tab, textOf } from "./harness.mjs";
import { BOT, click, counted, downloads, must, newHandle, order } from "./world.mjs";

let server, browser, page, handle, folder;
environment({ month: false, tabs: true }, (env) => ({ server, browser, page } = env));
const KEY = "order 1 – ü";

prepare(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "payout-"));
  handle = await newHandle(server);
  for (const name of ["good", "bad"]) {
    const primaryLink = { slug: `deal-${name}`, destinationUrl: `https://shop.example.com/${name}` };
    await must(server, handle, "POST", "campaigns", { campaignId: `partner-${name}`, name: `Partner ${name}`, goalType: "PRODUCT_SALE", status: "ACTIVE", currency: "EUR", primaryLink });
  }
  // The good partner: five people, two orders in euro and one in yen. The bad one: one person with three orders, and five bots.
  const people = [];
  for (let n = 0; n < 5; n++) people.push(await click(server, handle, "deal-good"));
  const one = await click(server, handle, "deal-bad");
  for (let n = 0; n < 5; n++) await click(server, handle, "deal-bad", { "user-agent": BOT });
  // A conversion in the seconds after its click makes the click a bot's.
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  await order(server, people[0], KEY, { value: "24.99", currency: "EUR" });
  await order(server, people[0], KEY, { value: "19.99", currency: "USD" });
  await order(server, people[1], "order-2", { value: "999999999999.99", currency: "EUR" });
  await order(server, people[2], "order-3", { value: "1980", currency: "JPY" });
  for (let n = 0; n < 3; n++) await order(server, one, `bad-${n}`, { value: "50", currency: "EUR" });
  await counted(server, handle, { clicks: 11, conversions: 6 });
});
after(() => folder && rmSync(folder, { recursive: true }));
beforeEach(() => downloads(page, folder));

const row = (name) => page.$$eval("table[aria-label=Campaigns] tbody tr", (rows, wanted) => rows.find((each) => each.dataset.key === wanted)?.innerText.replace(/\s+/g, " "), name);
const figure = (label) => page.$$eval(".figure", (all, wanted) => all.find((each) => each.querySelector("dt").innerText === wanted)?.querySelector("dd").innerText.replace(/\s+/g, " "), label);

test("two partners side by side: who can be paid, and why not the other", async () => {
  await open(page, server, `${handle}/attribution/campaigns`);
  const [good, bad] = [await row("partner-good"), await row("partner-bad")];
  assert.match(good, /60% 3 of 5/);
  assert.match(good, /€1,000,000,000,024\.98/);
  assert.match(good, /¥1,980/);
  assert.match(good, /100 Payable$/);
  assert.match(bad, /Hold$/);
  assert.match(await figure("On hold"), /€150\.00/);

  await go(page, `${handle}/attribution/campaigns/partner-bad`);
  const { confidence, penalties } = (await server.api("GET", "analytics?groupBy=day&campaignId=partner-bad&confidence=true", undefined, { handle })).body;
  assert.ok(confidence < 50);
  // The bar of today is striped, and so are those of bots: the legend tells them apart.
  assert.deepEqual(await page.$$eval(".legend li", (all) => all.map(({ innerText }) => innerText.trim())), ["People", "People, today until now", "Bots", "Conversions (right axis)"]);
  const widths = await page.$$eval("[role=img][aria-label^=Confidence] > span", (all) => all.map(({ style }) => style.width).filter(Boolean).map(parseFloat));
  assert.equal(widths.reduce((sum, width) => sum + width, 0), 100, "the blocks add up to 100");
  assert.deepEqual(widths, [confidence, ...penalties.map(({ points }) => points)]);
  const label = await page.$eval("[role=img][aria-label^=Confidence]", (bar) => bar.getAttribute("aria-label"));
  for (const { points } of penalties) assert.ok(label.includes(`less ${points} for`), label);
});

test("the frozen rows add up to the totals on the screen", async () => {
  await open(page, server, `${handle}/attribution/campaigns/partner-good?tab=payout&range=7d`);
  await press(page, "Freeze and save");
  await page.waitForSelector("::-p-text(add up to the totals, to the last digit)");
  const { from, to } = (await server.api("GET", "analytics?groupBy=day", undefined, { handle })).body;
  assert.ok(from < to);
  const [rows, statement] = await Promise.all(["conversions", "statement"].map((type) => eventually(`the file of ${type}`, async () => {
    const first = new Date(Date.parse(`${to}T00:00:00Z`) - 6 * 86_400_000).toISOString().slice(0, 10);
    const file = path.join(folder, `${handle}-${type}-partner-good-${first}-${to}.csv`);
    return existsSync(file) && readFileSync(file);
  })));
  const figures = Object.fromEntries([...statement.toString().matchAll(/"([^"]*)","([^"]*)"\r\n/g)].map(([, name, value]) => [name, value]));
  assert.equal(figures.revenue_EUR, "1000000000024.98");
  assert.equal(figures.revenue_JPY, "1980");
  assert.equal(figures.conversions, "3");
  assert.equal(figures.confidence, "100");
  assert.equal(figures.rows_sha256, createHash("sha256").update(rows).digest("hex"));
  assert.match(await textOf(page, ".page"), /Sum EUR\s+€1,000,000,000,024\.98/);
  assert.equal(rows.toString().trim().split("\r\n").length, 4, "a header and three rows");
});

test("an order is found by its key, explained, and refunded", async () => {
  await open(page, server, `${handle}/attribution/conversions`);
  await page.type("[data-search]", KEY);
  await page.waitForSelector("::-p-text(With this order key, on any day)");
  await settled(page);
  assert.equal((await page.$$("table[aria-label=Conversions] tbody tr")).length, 1);
  assert.ok(new URL(page.url()).searchParams.get("key") === KEY, "the filter is in the address");
  await page.click("table[aria-label=Conversions] .row-name");
  await page.waitForSelector("::-p-text(Sent 2 times, counted once)");
  await settled(page);
  const text = await textOf(page, ".page");
  assert.match(text, /Credited to partner-good/);
  assert.match(text, /Different: value and currency/);

  await fill(page, "Amount in EUR", "-25");
  await page.waitForSelector("::-p-text(At most €24.99 is left to refund)");
  await fill(page, "Amount in EUR", "-5.25");
  await fill(page, "Reason", "One item came back");
  await page.waitForSelector("::-p-text(Net then €19.74)");
  await press(page, "Append");
  await page.waitForSelector("::-p-text(net €19.74)");
  const bars = await page.$$eval("ol[class*=steps] li", (all) => all.map((each) => each.innerText.replace(/\s+/g, " ")));
  assert.deepEqual(bars, ["Value €24.99", "One item came back by demo-owner -€5.25", "Net €19.74"]);

  await eventually("the day's revenue follows", async () => {
    const { totals } = (await server.api("GET", "analytics?groupBy=day&campaignId=partner-good", undefined, { handle })).body;
    return totals.revenueByCurrency.EUR === 1000000000019.73;
  });
  await go(page, `${handle}/attribution/campaigns/partner-good`);
  await eventually("the campaign's revenue follows", async () => (await textOf(page, ".page")).includes("€1,000,000,000,019.73"));
});

test("a conversion of a paused campaign says in plain words why it is not credited", async () => {
  const ctx = await click(server, handle, "deal-good");
  await must(server, handle, "PUT", "campaigns/partner-good", { status: "PAUSED" });
  const { conversionId } = await order(server, ctx, `paused-${Math.random()}`, { value: "3", currency: "EUR" });
  await open(page, server, `${handle}/attribution/conversions?state=uncredited`);
  await page.waitForSelector("::-p-text(State: Not credited)");
  await (await page.waitForSelector(`a[href$="attribution/conversions/${conversionId}"]`)).click();
  await page.waitForSelector("::-p-text(The campaign was paused or a draft when the conversion arrived)");
  assert.match(await textOf(page, ".page"), /The campaign was paused or a draft when the conversion arrived/);
  // A click on a paused campaign's link counts for none; the version of the link that was followed names it.
  const late = await order(server, await click(server, handle, "deal-good"), `paused-${Math.random()}`, { value: "3", currency: "EUR" });
  await eventually("the click is recorded", async () => (await server.api("GET", `conversions/${late.conversionId}/explain`, undefined, { handle })).body.click.found);
  await go(page, `${handle}/attribution/conversions/${late.conversionId}`);
  await page.waitForSelector("::-p-text(Counts for the link deal-good alone: the campaign partner-good was not active.)");
  await page.waitForSelector(`a[href$="attribution/campaigns/partner-good"]`);
  await go(page, `${handle}/attribution/campaigns/partner-good`);
  await press(page, "Activate");
  await page.waitForSelector("[role=dialog]");
  await press(page, "Activate");
  await page.waitForSelector("::-p-text(is active.)");
});

test("figures, the chart as a table and the API agree, in each range and with the period before", async () => {
  for (const [range, days] of [["today", 1], ["7d", 7], ["30d", 30]]) {
    for (const compare of ["", "&compare=off"]) {
      page.calls.length = 0;
      const place = `${handle}/attribution/campaigns/partner-bad?range=${range}${compare}`;
      if (page.url() === "about:blank") await open(page, server, place);
      else await go(page, place);
      const asked = page.calls.filter((call) => /analytics\?/.test(call));
      assert.equal(asked.length <= 2, true, `at most two reports: ${asked}`);
      const to = new Date().toISOString().slice(0, 10);
      const from = new Date(Date.now() - (days - 1) * 86_400_000).toISOString().slice(0, 10);
      const { rows, totals } = (await server.api("GET", `analytics?groupBy=day&campaignId=partner-bad&from=${from}&to=${to}`, undefined, { handle })).body;
      for (const name of ["clicks", "botClicks", "qualifiedClicks", "conversions"]) {
        assert.equal(rows.reduce((sum, each) => sum + each[name], 0), totals[name], `the rows of ${name} add up`);
      }
      assert.ok((await figure("Qualified clicks")).startsWith(`${totals.qualifiedClicks}`));
      assert.ok((await figure("Conversions")).startsWith(`${totals.conversions}`));
      const label = "Clicks and conversions by day";
      await page.$$eval("section.card", (cards, title) => cards.find((card) => card.querySelector("h2")?.innerText === title).querySelector("[aria-label='As a table']").click(), label);
      const table = await page.waitForSelector(`table[aria-label="${label}"]`);
      const cells = await table.$$eval("tbody tr", (all) => all.map((each) => [...each.cells].slice(1, 4).map((cell) => Number(cell.innerText))));
      assert.equal(cells.length, days);
      const sum = (column) => cells.reduce((total, each) => total + each[column], 0);
      assert.deepEqual([sum(0), sum(1), sum(2)], [totals.qualifiedClicks, totals.botClicks, totals.conversions]);
      await go(page, `${handle}/attribution/campaigns`);
    }
  }
});

test("the page of a conversion has no finding of axe, in light and dark and at 360 px", async () => {
  const { conversionId } = (await server.api("GET", "conversions?limit=1", undefined, { handle })).body.items[0];
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  for (const theme of ["light", "dark"]) {
    const other = await tab(browser, server, { theme });
    await open(other, server, `${handle}/attribution/conversions/${conversionId}`);
    await other.evaluate(axe);
    for (const width of [1280, 360]) {
      await other.setViewport({ width, height: 800 });
      const found = await other.evaluate(() => globalThis.axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].target}`)));
      assert.deepEqual(found, [], `${theme} ${width}`);
    }
    assert.deepEqual(other.faults, []);
    await other.browserContext().close();
  }
});
