// The playbook of partners (seed 001) from an empty handle, by the console alone: a campaign, its address, an order that counts once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { choose, environment, eventually, fill, go, open, press, settled, tab, textOf } from "./harness.mjs";
import { click, newHandle } from "./world.mjs";

let server, browser, page;
environment({ tabs: true, month: false }, (env) => ({ server, browser, page } = env));

const DESTINATION = "https://merchant.example.com/product?ref=alpha";

test("a new campaign shows the address to hand out, and leads to an order with its value", async () => {
  const handle = await newHandle(server);
  await open(page, server, `${handle}/attribution/campaigns/new`);
  await fill(page, "Id", "partner-alpha");
  await choose(page, "Goal", "Affiliate click-out affiliate_click");
  await fill(page, "Destination", DESTINATION);
  await fill(page, "Short address", "deal-alpha");
  await fill(page, "Currency", "USD");
  await press(page, "Create campaign");
  await page.waitForFunction(() => location.pathname.endsWith("/campaigns/partner-alpha"));
  await settled(page);
  const short = `http://${handle}.localhost:${server.port}/deal-alpha`;
  assert.equal(await page.$eval(".empty a[target=_blank]", ({ href }) => href), short, "without clicks, the page says what makes one");
  assert.equal((await page.$$(`.page-head a[href="${short}"]`)).length, 1, "the address is on every tab");

  await press(page, "Check its health");
  await press(page, "How to report one");
  await settled(page);
  assert.equal((await page.$$(".step-done")).length, 2, "the link is there, and the limit of writes is known");
  await press(page, "Preview");
  await page.waitForSelector(`::-p-text(This visitor would go to)`);
  await fill(page, "The address you arrived at", `${DESTINATION}&ctx=${await click(server, handle, "deal-alpha")}`);
  const field = (label) => page.$$eval("label", (all, wanted) => all.find(({ innerText }) => innerText === wanted).control.value, label);
  assert.deepEqual([await field("Event type"), await field("Currency")], ["affiliate_click", "USD"], "they are the campaign's");
  await fill(page, "Value", "24,9x");
  await page.waitForSelector("::-p-text(An amount, such as 24.99, or nothing.)");
  await fill(page, "Value", "123456789012.99");
  await fill(page, "Idempotency key", "txn-2026-02-25-order-789");
  await press(page, "Convert");
  const explained = await page.waitForSelector("a ::-p-text(See how it is explained)");
  await press(page, "Send again");
  await page.waitForSelector("::-p-text(deduped is true: there is still one conversion.)");
  await explained.click();
  await page.waitForSelector("::-p-text(Credited to partner-alpha.)");
  await settled(page);
  assert.match(await textOf(page, ".page"), /affiliate_click · \$123,456,789,012\.99/);
  const { items } = (await server.api("GET", "conversions?idempotencyKey=txn-2026-02-25-order-789", undefined, { handle })).body;
  assert.equal(items.length, 1);
});

test("the first steps can be gone again: another order, and the writes that are left are those of now", async () => {
  const handle = await newHandle(server);
  await open(page, server, `${handle}/attribution/get-started`);
  const left = () => textOf(page, ".writes");
  const before = await left();
  await press(page, "Create the link");
  await eventually("the frame shows the write", async () => (await left()) !== before);
  for (let round = 0; round < 2; round++) {
    if (round) {
      await press(page, "Start over");
      await page.waitForFunction(() => !document.querySelector(".step [role=status]"));
      await press(page, "Create the link");
    }
    await fill(page, "The address you arrived at", `https://example.com/product?ctx=${await click(server, handle, "launch")}`);
    await press(page, "Convert");
    await page.waitForSelector("::-p-text(See how it is explained)");
  }
  await eventually("two orders", async () => (await server.api("GET", "conversions", undefined, { handle })).body.items.length === 2);
});

test("on a phone the page that is open is seen in the navigation, and messages stand above it", async () => {
  const phone = await tab(browser, server, { width: 390, height: 844 });
  await open(phone, server, "demo/lifecycle/webhooks");
  const current = await phone.$eval(".rail [aria-current]", (link) => {
    const { left, right } = link.getBoundingClientRect();
    return { left, right, width: innerWidth };
  });
  assert.ok(current.left >= 0 && current.right <= current.width, JSON.stringify(current));
  await go(phone, "demo/overview");
  assert.ok(await phone.$eval(".rail [aria-current]", (link) => link.getBoundingClientRect().left >= 0));
  await go(phone, "demo/attribution/campaigns/new");
  await fill(phone, "Id", `phone-${Date.now()}`);
  await choose(phone, "Link", "None for now");
  await press(phone, "Create campaign");
  const toast = await phone.waitForSelector(".toast");
  const { bottom } = await toast.evaluate((each) => each.getBoundingClientRect().toJSON());
  assert.ok(bottom <= await phone.$eval(".rail", (rail) => rail.getBoundingClientRect().top), "the message covers no page of the navigation");
  assert.deepEqual(phone.faults, []);
  await phone.browserContext().close();
});
