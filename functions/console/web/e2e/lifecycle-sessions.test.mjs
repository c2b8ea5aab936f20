// Sessions as a person looks them up: signals, segments and why, and the way from a conversion to its session and back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { environment, fill, go, open, prepare, press, settled, textOf } from "./harness.mjs";
import { click, counted, minutesAgo, must, newHandle, order } from "./world.mjs";

let server, page, handle;
environment({ tabs: true, month: false }, (env) => ({ server, page } = env));
prepare(async () => (handle = await newHandle(server)));

test("a session is looked up, and says why it has its segments", async () => {
  const days = [50, 26, 2].map((hours) => minutesAgo(hours * 60));
  // The other two signals are of now.
  const distinct = new Set([...days, minutesAgo(0)].map((day) => day.slice(0, 10))).size;
  await must(server, handle, "POST", "chain/signals", { sessionId: "looked.up:1", signals: [...days.map((occurredAt) => ({ signalKey: "view", occurredAt })), { signalKey: "segment", signalValue: "VIP", source: "crm" }, { signalKey: "intent", confidence: 0.9 }] });
  await open(page, server, `${handle}/lifecycle/sessions`);
  await fill(page, "Session id", "looked.up:1");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.pathname.endsWith("/lifecycle/sessions/looked.up:1"));
  await settled(page);
  const text = await textOf(page, ".page");
  assert.match(text, /5 signals/);
  assert.match(text, /Assigned by a signal segment from “crm”\./);
  assert.match(text, /Because it has 5 signals; 5 suffice, and an intent has confidence 0\.9; 0\.7 suffices\./);
  assert.ok(text.includes(`Its signals are of ${distinct} UTC days`), text);
  assert.equal((await page.$$("ul[aria-label='Signals of the session'] [class*=dot]")).length, 5);
  await go(page, `${handle}/lifecycle/sessions/unknown-session`);
  await page.waitForSelector("::-p-text(There is no such session)");
});

test("a conversion leads to its session, and the session to its conversion and click", async () => {
  const own = await newHandle(server);
  await must(server, own, "PUT", "links/with-session", { destinationUrl: "https://example.com/" });
  const ctx = await click(server, own, "with-session?sid=of:a.visitor");
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  const { conversionId } = await order(server, ctx, "order-1", { value: "5", currency: "EUR" });
  await counted(server, own, { clicks: 1, conversions: 1 });
  await open(page, server, `${own}/attribution/conversions/${conversionId}`);
  await press(page, "of:a.visitor");
  await page.waitForSelector("::-p-text(A conversion was made in this session within 30 days.)");
  await press(page, "Look for its conversions");
  await page.waitForSelector(`a[href$="/attribution/conversions/${conversionId}"]`);
  await press(page, "Look for its clicks");
  await page.waitForSelector("ul[aria-label=Clicks] a[href$='/attribution/links/with-session']");
  await go(page, `${own}/lifecycle/segments`);
  const row = await page.$eval("table[aria-label=Segments] tbody tr", ({ innerText }) => innerText.replace(/\s+/g, " "));
  assert.match(row, /^new All signals of the session are of one UTC day, or it has none\. 1 0 0 1 100% /);
});

