// The playbook of lifecycle messaging (seed 002) from its first step to its last, and the old address of the app.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { environment, eventually, fill, go, open, prepare, press, settled, tab } from "./harness.mjs";
import { Receiver } from "./receiver.mjs";
import { must, newHandle } from "./world.mjs";

let server, browser, page, receiver;
environment({ tabs: true, month: false }, (env) => ({ server, browser, page } = env));
prepare(async () => {
  receiver = await Receiver.start();
});
after(() => receiver?.down());

test("the playbook's steps LM-01 to LM-06", async () => {
  const handle = await newHandle(server);
  await must(server, handle, "PUT", "chain/rules/hello", { trigger: "checkout", when: { all: [{ signalKey: "view" }] }, action: { type: "banner", title: "Hello" } });
  await open(page, server, `${handle}/lifecycle/get-started`);
  assert.equal((await page.$$(".step-done")).length, 0, "nothing is done yet");
  await fill(page, "Session", "sess-of-the-playbook");
  await press(page, "Send a signal");
  await page.waitForSelector("::-p-text(Accepted. The session has 1 signal now.)");
  await press(page, "Resolve");
  await page.waitForSelector("::-p-text(The rule hello decides: banner.)");
  await press(page, "Prefetch");
  await page.waitForSelector("::-p-text(2 decisions in one request)");
  await press(page, "Show the refusal");
  await page.waitForSelector("::-p-text(insufficient_role)");
  assert.deepEqual((await server.api("GET", "webhooks", undefined, { handle })).body.items, [], "nothing is created by it");
  await press(page, "Subscribe a webhook");
  await page.waitForFunction(() => location.pathname.endsWith("/lifecycle/webhooks/new"));
  await settled(page);
  await fill(page, "Address", receiver.url);
  await press(page, "Create endpoint");
  receiver.secrets.push(await page.waitForSelector("pre[aria-label=Secret]").then((pre) => pre.evaluate(({ innerText }) => innerText)));
  await press(page, "I stored it");
  await page.waitForFunction(() => !document.querySelector("[role=dialog]"));
  await go(page, `${handle}/lifecycle/get-started`);
  await eventually("what was done is still done", async () => (await page.$$(".step-done")).length === 5);
  await press(page, "Send the test");
  await page.waitForSelector(".step ::-p-text(Delivered)");
  await eventually("every step is done", async () => (await page.$$(".step-done")).length === (await page.$$(".step")).length);
  assert.deepEqual(receiver.seen.map(({ type, attempt, verified }) => [type, attempt, verified]), [["webhook.test", 1, receiver.secrets]], "one message, and its signature is good");

  const latest = () => page.$eval("[role=status] a[href*='/lifecycle/deliveries/']", ({ href }) => href);
  const first = await latest();
  await press(page, "Send the test");
  await eventually("the next test is waited for, although the one before has ended", async () => (await latest()) !== first && Boolean(await page.$(".step [role=status] ::-p-text(Delivered)")));
  assert.equal(receiver.seen.length, 2);
  await receiver.down();
  await press(page, "Send the test");
  await page.waitForSelector("::-p-text(Its last attempt: connection refused. Nothing listens at this address and port)");
  const { segments } = (await server.api("GET", "chain/sess-of-the-playbook", undefined, { handle })).body;
  assert.deepEqual(segments, ["new"]);
});

test("a CREATOR really gets the refusal of LM-04, as others are shown it", async () => {
  await open(page, server, "demo/lifecycle/get-started", "demo-creator");
  await press(page, "Try it");
  await page.waitForSelector(".step ::-p-text(An OPERATOR or the OWNER can.)");
  const answer = JSON.parse(await page.$eval("[aria-label^='Answer: 4.']", ({ textContent }) => textContent));
  const other = await tab(browser, server);
  await open(other, server, "demo/lifecycle/get-started");
  await press(other, "Show the refusal");
  const shown = JSON.parse(await (await other.waitForSelector("[aria-label='Answer to a CREATOR']")).evaluate(({ innerText }) => innerText));
  assert.deepEqual({ ...shown, requestId: "" }, { ...answer, requestId: "" });
  await other.browserContext().close();
});

test("the old address leads to the first steps", async () => {
  await open(page, server, "demo/overview");
  await page.goto(`${server.origin}/apps/lifecycle-messaging`);
  await page.waitForFunction(() => location.pathname === "/console/demo/lifecycle/get-started");
  await settled(page);
  assert.equal(await page.$eval("h1", ({ innerText }) => innerText), "Get started");
});
