// Deliveries that fail, through the console: found, read, given up, notified, and replayed so that each event arrives once.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { findings } from "./axe.mjs";
import { check, environment, eventually, go, open, prepare, press, settled, tab, textOf } from "./harness.mjs";
import { orderBook } from "./receiver.mjs";
import { must } from "./world.mjs";

const ORDERS = 7;
const MANY = 130;
/** Six attempts with their waits of 155 seconds, and some time for the attempts themselves. */
const EXHAUSTED_MS = 200_000;

let server, browser, page;
/** A handle whose endpoint is down from the beginning, so that its deliveries are given up while the other tests run. */
let failing;
const books = [];
environment({ month: false, tabs: true }, (env) => ({ server, browser, page } = env));

async function world(count) {
  const made = await orderBook(server, count);
  books.push(made);
  return made;
}

const deliveries = async (of, query = "") => (await must(server, of.handle, "GET", `deliveries?limit=100${query}`)).items;

/** Waits for what takes longer than a page: until `attempt` is true. */
async function patiently(what, ms, attempt) {
  for (const end = Date.now() + ms; !(await attempt()); await new Promise((resolve) => setTimeout(resolve, 1_000))) assert.ok(Date.now() < end, `timed out waiting for: ${what}`);
}

prepare(async () => {
  failing = await world(ORDERS);
});
after(() => Promise.all(books.map(({ receiver }) => receiver.down())));

test("deliveries are filtered in the address, walked with the arrows, and lead to their conversion and back", async () => {
  await open(page, server, `${failing.handle}/lifecycle/deliveries`);
  const rows = () => page.$$eval("table[aria-label=Deliveries] tbody tr", (all) => all.map(({ dataset }) => dataset.key));
  const all = await eventually("the rows", async () => (await rows()).length === ORDERS && (await rows()));
  await go(page, `${failing.handle}/lifecycle/deliveries?status=DELIVERED`);
  await page.waitForSelector("::-p-text(No delivery matches)");
  await press(page, "Clear filters");
  await eventually("the rows again", async () => (await rows()).length === ORDERS);
  assert.equal(new URL(page.url()).search, "");
  await page.click("table[aria-label=Deliveries] tbody tr:nth-child(2) .row-name");
  await page.waitForFunction((id) => location.pathname.endsWith(id), {}, all[1]);
  await settled(page);
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction((id) => location.pathname.endsWith(id), {}, all[2]);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await page.waitForFunction((id) => location.pathname.endsWith(id), {}, all[0]);
  await settled(page);
  const text = await textOf(page, ".page");
  assert.match(text, /Connection refused/);
  assert.match(text, /"value": 24.90?/);
  assert.match(text, /webhook-signature\s+withheld/);
  assert.match(text, /x-10x-delivery-id\s+dlv_/);
  const body = (await must(server, failing.handle, "GET", `deliveries/${all[0]}`)).request.body;
  await check(page, "The exact bytes");
  await page.waitForFunction((exact) => document.querySelector("pre[aria-label=Body]").innerText === exact, {}, body);
  await press(page, "Open the conversion");
  await page.waitForFunction(() => location.pathname.includes("/attribution/conversions/cnv_"));
  await settled(page);
  await press(page, "Its deliveries");
  await page.waitForFunction(() => location.search.includes("event=evt_"));
  await eventually("the delivery of the event", async () => (await rows()).join() === all[0]);
});

test("a page of each kind has no finding of axe, in light and dark and at 360 px", async () => {
  const [{ deliveryId }] = await deliveries(failing);
  const own = `${failing.handle}/lifecycle`;
  const places = [`${own}/webhooks/${failing.webhook}`, `${own}/webhooks/${failing.webhook}?tab=settings`, `${own}/webhooks/${failing.webhook}?tab=verify`, `${own}/deliveries/${deliveryId}`, `${own}/deliveries`, `${failing.handle}/notifications`];
  for (const theme of ["light", "dark"]) {
    const other = await tab(browser, server, { theme });
    await open(other, server, `${failing.handle}/overview`);
    for (const place of places) {
      other.calls.length = 0;
      await other.setViewport({ width: 1280, height: 900 });
      await go(other, place);
      const asked = new Set(other.calls.filter((call) => !/usage-meters|notifications/.test(call)));
      assert.ok(asked.size <= 3, `${place}: ${[...asked]}`);
      assert.deepEqual(await findings(other), [], `${theme} ${place}`);
      await other.setViewport({ width: 360, height: 740 });
      await new Promise((resolve) => setTimeout(resolve, 150));
      assert.equal(await other.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, `${place} scrolls sideways`);
      assert.deepEqual(await findings(other), [], `${theme} ${place} at 360 px`);
    }
    assert.deepEqual(other.faults, []);
    await other.browserContext().close();
  }
});

test("a CREATOR gets the page that says who can, and notifications without ways that are closed", async () => {
  await must(server, failing.handle, "PUT", "collaborators", { collaborators: [{ userId: "demo-creator", role: "CREATOR" }] });
  await open(page, server, `${failing.handle}/lifecycle/webhooks`, "demo-creator");
  for (const place of ["webhooks", "webhooks/new", `webhooks/${failing.webhook}`, "deliveries", "replay"]) {
    page.calls.length = 0;
    await go(page, `${failing.handle}/lifecycle/${place}`);
    assert.match(await textOf(page, ".page"), /Your role does not reach this page[\s\S]*You are CREATOR/);
    assert.deepEqual(page.calls.filter((call) => /webhooks|deliveries/.test(call)), []);
  }
  assert.doesNotMatch(await textOf(page, ".rail"), /Webhooks|Deliveries|Replay/);
});

test("a replay of many goes on after a stop, and sends each event once", async () => {
  const own = await world(MANY);
  // The endpoint is disabled while it is down: what is pending is cancelled at its next attempt.
  await must(server, own.handle, "PUT", `webhooks/${own.webhook}`, { enabled: false });
  const cancelled = async () => (await deliveries(own, "&status=CANCELLED")).length === 100 && (await deliveries(own, "&status=SCHEDULED")).length === 0;
  await patiently("the deliveries are cancelled", 60_000, cancelled);
  await open(page, server, `${own.handle}/lifecycle/replay?endpoint=${own.webhook}`);
  await page.waitForSelector("::-p-text(is disabled, so nothing can be sent to it)");
  await press(page, "Count them");
  await page.waitForSelector("::-p-text(Nothing can be sent yet)");
  assert.match(await textOf(page, ".page"), new RegExp(`${MANY} events of Order book are left out`));
  await must(server, own.handle, "PUT", `webhooks/${own.webhook}`, { enabled: true });
  await own.receiver.up();
  await eventually("it is enabled", async () => !(await page.$("::-p-text(so nothing can be sent to it)")));
  await press(page, "Count them");
  await page.waitForSelector(`::-p-text(${MANY} events to send again)`);
  assert.match(await textOf(page, ".page"), /about 2 writes/);
  // The first answer waits until the stop was pressed.
  await page.setRequestInterception(true);
  const held = [];
  const hold = (request) => (request.method() === "POST" && request.url().endsWith("/deliveries/replay") ? held.push(request) : request.continue());
  page.on("request", hold);
  await press(page, `Replay ${MANY} events`);
  await eventually("the first call", async () => held.length === 1);
  await press(page, "Stop");
  await held[0].continue();
  await page.waitForSelector("::-p-text(Stopped after 100 events)");
  page.off("request", hold);
  await page.setRequestInterception(false);
  await patiently("the first hundred", 60_000, async () => own.receiver.seen.length === 100);
  await press(page, "Go on");
  await page.waitForSelector(`::-p-text(${MANY} events sent again, each once)`);
  await patiently("all have arrived", 60_000, async () => own.receiver.seen.length >= MANY);
  assert.deepEqual(own.receiver.seen.map(({ id }) => id).sort(), [...own.ids].sort(), "each event once");
});

test("given up, notified, replayed by the keyboard: every event arrives once, signed, under its own id", { timeout: EXHAUSTED_MS + 60_000 }, async () => {
  const givenUp = async () => (await deliveries(failing)).filter(({ status }) => status === "EXHAUSTED").length === ORDERS;
  await patiently("the deliveries are given up", failing.since + EXHAUSTED_MS - Date.now(), givenUp);
  const [{ attempts, deliveryId }] = await deliveries(failing);
  const waits = attempts.slice(1).map(({ startedAt }, n) => Date.parse(startedAt) - Date.parse(attempts[n].startedAt) - attempts[n].durationMs);
  assert.ok(waits.every((wait, n) => wait >= [5, 10, 20, 40, 80][n] * 1000), `never early: ${waits}`);
  await open(page, server, `${failing.handle}/lifecycle/deliveries/${deliveryId}`);
  assert.equal(await page.$eval(".card [role=img]", (dots) => dots.getAttribute("aria-label")), "6 attempts, the last one failed");
  assert.match(await textOf(page, ".page"), /No attempt succeeded, and no other follows/);
  // The bell has a dot until it was looked at.
  await press(page, "Notifications, new ones");
  await page.waitForSelector(`[role=dialog] ::-p-text(${ORDERS} deliveries to Order book were given up)`);
  await page.keyboard.press("Escape");
  await page.waitForSelector("button[aria-label=Notifications]");
  await go(page, `${failing.handle}/notifications`);
  await failing.receiver.up();
  await press(page, "Replay them");
  await page.waitForFunction(() => location.pathname.endsWith("/lifecycle/replay"));
  await settled(page);
  const focused = () => page.evaluate(() => document.activeElement.innerText);
  for (let tabs = 0; (await focused()) !== "Count them" && tabs < 80; tabs++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector(`::-p-text(${ORDERS} events to send again)`);
  assert.deepEqual(failing.receiver.seen, [], "counting sends nothing");
  await eventually("the focus is on the question", async () => (await focused()) === `Replay ${ORDERS} events`);
  await page.keyboard.press("Enter");
  await page.waitForSelector(`::-p-text(${ORDERS} events sent again, each once under its own id)`);
  await page.waitForSelector(`::-p-text(${ORDERS} delivered)`);
  assert.deepEqual(failing.receiver.seen.map(({ id }) => id).sort(), [...failing.ids].sort(), "each event exactly once");
  assert.ok(failing.receiver.seen.every(({ verified, attempt }) => verified.length === 1 && attempt === 1));
  await go(page, `${failing.handle}/lifecycle/replay?endpoint=${failing.webhook}`);
  await press(page, "Count them");
  await page.waitForSelector("::-p-text(No event needs it)");
});
