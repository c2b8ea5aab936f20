// The dead endpoint of the demo month is found on the overview, repaired, and sent what it missed: all of it, each event once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, environment, fill, HANDLE, open, press, settled, textOf } from "./harness.mjs";
import { Receiver } from "./receiver.mjs";
import { must } from "./world.mjs";

let server, page;
// With fewer clicks no endpoint fails often enough to be disabled.
environment({ tabs: true, month: 6_000 }, (env) => ({ server, page } = env));

const LIMIT_MS = 120_000;

/** Every event that was not delivered to the endpoint, however long ago. */
async function missed(endpoint) {
  const events = new Set();
  for (const status of ["EXHAUSTED", "CANCELLED"]) {
    for (let cursor = null, first = true; first || cursor; first = false) {
      const page = await must(server, HANDLE, "GET", `deliveries?limit=100&subscriptionId=${endpoint}&status=${status}${cursor ? `&cursor=${cursor}` : ""}`);
      for (const { eventId } of page.items) events.add(eventId);
      cursor = page.nextCursor;
    }
  }
  return [...events].sort();
}

test("an operator repairs the dead endpoint and replays what it missed within two minutes", { timeout: 2 * LIMIT_MS }, async (t) => {
  const receiver = await Receiver.start();
  t.after(() => receiver.down());
  const { items } = await must(server, HANDLE, "GET", "webhooks");
  const dead = items.find(({ status }) => status === "DISABLED_AUTO");
  const wanted = await missed(dead.subscriptionId);
  assert.ok(wanted.length >= 20, `${wanted.length} events`);
  const began = Date.now();
  await open(page, server, `${HANDLE}/overview`, "demo-operator");
  assert.match(await textOf(page, ".attention"), new RegExp(`${dead.description} is disabled`));
  await press(page, "Repair and enable it");
  await page.waitForFunction(() => location.pathname.includes("/webhooks/"));
  await settled(page);
  await fill(page, "Address", receiver.url);
  await check(page, "Enabled");
  await press(page, "Save");
  await press(page, "Replay what it missed");
  await page.waitForFunction(() => location.pathname.endsWith("/lifecycle/replay"));
  await settled(page);
  await press(page, "Count them");
  await press(page, `Replay ${wanted.length} events`);
  await page.waitForSelector(`::-p-text(${wanted.length} delivered)`, { timeout: LIMIT_MS });
  const took = Date.now() - began;
  t.diagnostic(`${wanted.length} events after ${Math.round(took / 1000)} s`);
  assert.ok(took < LIMIT_MS, `${took} ms`);
  assert.deepEqual(receiver.seen.map(({ id }) => id).sort(), wanted, "each event once");
});
