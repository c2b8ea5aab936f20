// Endpoints with real receivers, through the console: created, tested, verified, changed, rotated, deleted.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { findings } from "./axe.mjs";
import { check, environment, eventually, fill, go, open, prepare, press, settled } from "./harness.mjs";
import { Receiver } from "./receiver.mjs";
import { must, newHandle } from "./world.mjs";

let server, page, handle;
const receivers = [];
environment({ month: false, tabs: true }, (env) => ({ server, page } = env));

async function receiver() {
  const made = await Receiver.start();
  receivers.push(made);
  return made;
}

prepare(async () => {
  handle = await newHandle(server);
});
after(() => Promise.all(receivers.map((each) => each.down())));

/** Everything of the page and the browser in which a secret could be left. */
const left = () => page.evaluate(() => JSON.stringify([
  document.documentElement.outerHTML, { ...localStorage }, { ...sessionStorage }, history.state, location.href,
  [...document.querySelectorAll("input, textarea")].map(({ value }) => value), performance.getEntries().map(({ name }) => name),
]));

/** Reads the secret in the dialog, answers it, and makes sure that it is nowhere afterwards. */
async function takeSecret() {
  const secret = await page.waitForSelector("pre[aria-label=Secret]").then((pre) => pre.evaluate((each) => each.innerText));
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  await page.keyboard.press("Escape");
  assert.ok(await page.$("pre[aria-label=Secret]"), "Escape does not answer it");
  assert.deepEqual(await findings(page, "[role=dialog]"), []);
  await press(page, "I stored it");
  await page.waitForFunction(() => !document.querySelector("[role=dialog]"));
  await settled(page);
  assert.equal((await left()).includes(secret), false, "the secret is left somewhere");
  return secret;
}

test("an endpoint is created with its secret shown once, and its test is seen to arrive", async () => {
  const to = await receiver();
  const logged = [];
  page.on("console", (message) => logged.push(message.text()));
  await open(page, server, `${handle}/lifecycle/webhooks`);
  await page.waitForSelector("::-p-text(No endpoints yet)");
  await press(page, "New endpoint");
  await settled(page);
  const help = await page.evaluate(() => [...document.querySelectorAll(".field-help")].map(({ innerText }) => innerText).join(" "));
  assert.match(help, /On this local server: an http or https address of this machine on any port, such as http:\/\/localhost:3000\/hook/);
  await fill(page, "Address", "https://10.0.0.1/hook");
  await press(page, "Create endpoint");
  const error = await page.waitForSelector(".field-error");
  assert.match(await error.evaluate((each) => each.innerText), /public address/);
  assert.equal(await page.evaluate(() => document.activeElement.type), "url", "the field with the fault has the focus");
  await fill(page, "Address", to.url);
  await fill(page, "Description", "Ledger");
  await check(page, "link.created");
  await press(page, "Create endpoint");
  to.secrets.push(await takeSecret());
  assert.equal(logged.some((text) => text.includes(to.secrets[0])), false);
  await page.waitForSelector("::-p-text(Nothing was sent to it yet)");
  const { items } = await must(server, handle, "GET", "webhooks");
  assert.deepEqual(items.map(({ eventTypes, description }) => [eventTypes, description]), [[["link.created", "conversion.recorded"], "Ledger"]]);
  await press(page, "Send a test");
  await page.waitForSelector("::-p-text(It arrived: answered 204)");
  assert.deepEqual(to.of("webhook.test").map(({ attempt, verified }) => [attempt, verified]), [[1, to.secrets]]);
  // Well before the next minute, when the hours are read anyway.
  await page.waitForFunction(() => !document.body.innerText.includes("Nothing ended in the last 24 hours"), { timeout: 15_000 });
  await page.waitForSelector("table[aria-label=Deliveries] ::-p-text(webhook.test)");
  await press(page, "Open the delivery");
  const first = await eventually("its page", async () => /deliveries\/(dlv_\w+)/.exec(page.url())?.[1]);
  await press(page, "Resend");
  await page.waitForFunction((id) => /deliveries\/dlv_/.test(location.pathname) && !location.pathname.endsWith(id), {}, first);
  await eventually("the same event arrives again", async () => to.of("webhook.test").length === 2);
  assert.equal(new Set(to.of("webhook.test").map(({ id }) => id)).size, 1, "under the same id");
  await page.waitForSelector(`main a[href*="${first}"]`);
});

test("settings are saved as far as they were changed, a rotation counts down, and the end is typed", async () => {
  const to = await receiver();
  const { subscriptionId, secret } = await must(server, handle, "POST", "webhooks", { endpointUrl: to.url, eventTypes: ["link.created"], description: "CRM" });
  await open(page, server, `${handle}/lifecycle/webhooks/${subscriptionId}?tab=settings`);
  await page.waitForSelector("::-p-text(One secret signs messages)");
  await fill(page, "Description", "CRM of the shop");
  await must(server, handle, "PUT", `webhooks/${subscriptionId}`, { eventTypes: ["link.created", "link.deleted"] });
  await press(page, "Save");
  await page.waitForSelector("h1 ::-p-text(CRM of the shop)");
  const changed = await must(server, handle, "GET", `webhooks/${subscriptionId}`);
  assert.deepEqual([changed.description, changed.eventTypes], ["CRM of the shop", ["link.created", "link.deleted"]], "both changes are kept");
  await press(page, "Rotate");
  await press(page, "Rotate the secret");
  const next = await takeSecret();
  assert.notEqual(next, secret);
  await page.waitForSelector("::-p-text(ends in 23 h 59 min)");
  to.secrets.push(secret, next);
  await go(page, `${handle}/lifecycle/webhooks/${subscriptionId}`);
  await press(page, "Send a test");
  await page.waitForSelector("::-p-text(It arrived)");
  assert.deepEqual(to.of("webhook.test")[0].verified, [secret, next], "signed with both");
  await press(page, "Settings");
  await page.waitForSelector(".switch");
  await check(page, "Enabled");
  await page.waitForSelector("::-p-text(To disable costs no write.)");
  await press(page, "Save");
  await page.waitForSelector(".alert ::-p-text(It was disabled in its settings)");
  await check(page, "Enabled");
  await press(page, "Save");
  await page.waitForSelector("::-p-text(It receives events again.)");
  await press(page, "Delete the endpoint");
  await page.waitForSelector("[role=dialog]");
  assert.equal(await page.$eval("[role=dialog] button[type=submit]", (button) => button.disabled), true);
  await fill(page, "Type CRM of the shop to delete it", "CRM of the shop");
  await press(page, "Delete");
  await page.waitForFunction(() => location.pathname.endsWith("/lifecycle/webhooks"));
  assert.equal((await server.api("GET", `webhooks/${subscriptionId}`, undefined, { handle })).status, 404);
});

test("a test to a receiver that is down shows each attempt, counts down, and arrives once it is up", async () => {
  const to = await receiver();
  const { subscriptionId } = await must(server, handle, "POST", "webhooks", { endpointUrl: to.url, eventTypes: ["link.created"] });
  await to.down();
  await open(page, server, `${handle}/lifecycle/webhooks/${subscriptionId}`);
  await press(page, "Send a test");
  await page.waitForSelector("::-p-text(Connection refused)");
  const seconds = () => page.$eval(".card [role=status] strong", (each) => Number(/in (\d+) s/.exec(each.innerText)?.[1]));
  const first = await seconds();
  assert.ok(first >= 1 && first <= 5, `${first} s`);
  await eventually("it counts down", async () => (await seconds()) < first);
  await page.waitForSelector("::-p-text(Attempt 3 follows)");
  await to.up();
  await page.waitForSelector("::-p-text(It arrived: answered 204)", { timeout: 20_000 });
  assert.deepEqual(to.seen.map(({ attempt }) => attempt), [3]);
  assert.equal(await page.$eval("[role=status] [role=img]", (dots) => dots.getAttribute("aria-label")), "3 attempts, the last one succeeded");
});
