// A purchase in the demo shop, from the creator's page to the reports: once, then again with the same order number.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LocalServer, eventually, launch, sessionOf, visitor } from "./server.mjs";

const ORDER = "order-789";

let server, browser;
before(async () => {
  server = await LocalServer.start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

const go = (page, selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);
const text = (page, selector) => page.$eval(selector, (element) => element.textContent);

/** From the creator's page to the thanks page, as a new visitor; returns the tab and its session. */
async function buy() {
  const page = await visitor(browser, server);
  await page.goto(`http://localhost:${server.shopPort}/`);
  const session = await sessionOf(page);
  await go(page, "a.button");
  const clicked = Date.now();
  assert.equal(await sessionOf(page), session, "the session goes from the creator's site to the shop's");
  assert.equal(page.url(), `http://127.0.0.1:${server.shopPort}/product`);
  await go(page, "#basket button");
  await page.waitForSelector("#offer:not([hidden])");
  assert.equal(await text(page, "#offer"), "Still thinking it over?Order in this visit, and it ships free.");
  assert.match(await text(page, "#why"), /matched.*Rule shop-offermatches.*Signals considered3/);
  await page.$eval("#number", (field, order) => (field.value = order), ORDER);
  // A purchase within 800 ms of the click is classified as a bot's.
  await page.waitForFunction((clicked) => Date.now() > clicked + 1000, {}, clicked);
  await go(page, "#order button");
  await page.waitForSelector("#receipt dd");
  return { page, session };
}

const shop = async () => (await server.read("analytics?funnel=true&campaignId=shop")).funnel[0];

test("a purchase is credited to the creator's link, and counts once", async () => {
  const { page, session } = await buy();
  assert.match(await text(page, "#outcome"), /is counted/);
  assert.match(await text(page, "#receipt"), /Orderorder-789Value24.99 EURCredited tolink shop, campaign shop/);
  const funnel = await eventually("the funnel", async () => {
    const funnel = await shop();
    return funnel.clicks === 1 && funnel.conversions === 1 && funnel;
  });
  assert.deepEqual(
    [funnel.botClicks, funnel.qualifiedClicks, funnel.revenue, funnel.currency, funnel.conversionRate, funnel.confidence],
    [0, 1, 24.99, "EUR", 1, 100],
  );
  const chain = await server.read(`chain/${session}`);
  assert.deepEqual([chain.converted, chain.segments], [true, ["converted", "engaged_prospect", "new"]]);
  assert.deepEqual(await server.signals(session), ["view guide", "view field-notebook", "intent basket"]);

  await page.reload();
  await page.waitForSelector("#receipt dd");
  assert.match(await text(page, "#outcome"), /counts once/);
  assert.deepEqual(page.errors, []);

  // Another visitor, another click, the same order number.
  const again = await buy();
  assert.match(await text(again.page, "#outcome"), /counts once/);
  const after = await eventually("the second click", async () => {
    const funnel = await shop();
    return funnel.clicks === 2 && funnel;
  });
  assert.deepEqual([after.conversions, after.revenue], [1, 24.99]);
  assert.equal((await server.conversions()).length, 1);
  assert.equal((await server.read(`chain/${again.session}`)).converted, false);
  assert.deepEqual(again.page.errors, []);

  const day = (moment) => new Date(moment).toISOString().slice(0, 10);
  const { status, output } = await server.job("recount", "--data", server.data, "--from", day(Date.now() - 86_400_000), "--to", day(Date.now()));
  assert.deepEqual([status, /drift: 0/.test(output)], [0, true], output);
});
