// What the snippet does where storage, other tabs or the wire are not as they should be.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { House, eventually, launch, merchant, settled, visitor } from "./world.mjs";

let house, shop, browser, page;
before(async () => {
  house = await House.start();
  shop = await merchant(house.api);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  shop?.server.close();
  await house?.close();
});
beforeEach(async () => {
  await house.open();
  page = await visitor(browser, house);
});
afterEach(async () => {
  assert.deepEqual(page.wrong, [], "no error reached the page, and its policy was kept to");
  await page.browserContext().close();
});

const at = (place, tab = page) => tab.goto(shop.origin + place, { waitUntil: "load" });
const waiting = (kind) => page.evaluate((kind) => Object.keys(localStorage).filter((name) => name.startsWith(`tenx.demo.${kind}.`)).length, kind);

/** Stands between the API's answers to `path` and the page: `meddle` gets each answer's number and `{go, answer}`. */
async function onTheWire(path, meddle) {
  const wire = await page.createCDPSession();
  await wire.send("Fetch.enable", { patterns: [{ urlPattern: `*/v2/public/${path}*`, requestStage: "Response" }] });
  let number = 0;
  wire.on("Fetch.requestPaused", ({ requestId, request, responseHeaders }) => {
    const go = () => wire.send("Fetch.continueRequest", { requestId });
    if (request.method === "OPTIONS") return go();
    const answer = (responseCode, body, more = {}) => {
      const headers = [...responseHeaders, ...Object.entries(more).map(([name, value]) => ({ name, value }))];
      return wire.send("Fetch.fulfillRequest", { requestId, responseCode, responseHeaders: headers, body: btoa(body) });
    };
    meddle(++number, { go, answer });
  });
}

test("a new click counts also where storage is full", async () => {
  const [first, second] = [await house.click(), await house.click()];
  await at(`/?ctx=${first}`);
  await settled(page);
  await page.evaluate(() => {
    for (let size = 2 ** 22; size >= 1; ) {
      try {
        localStorage.setItem(`filler.${Math.random()}`, "x".repeat(size));
      } catch {
        size /= 2;
      }
    }
  });
  await at(`/?ctx=${second}`);
  await settled(page);
  assert.equal(await page.evaluate(() => tenx.ctx), second);
});

test("a signal told while others are put off goes with them, when they may", async () => {
  await at("/");
  const session = await settled(page);
  await onTheWire("chain/signals", (number, { go, answer }) => (number === 1 ? answer(429, "{}", { "retry-after": "2" }) : go()));
  await page.evaluate(() => tenx.signal("view", { value: "first" }));
  await eventually("the first is put off", async () => page.asked.includes("chain/signals"));
  await page.evaluate(() => new Promise((over) => setTimeout(over, 500)).then(() => tenx.signal("view", { value: "second" })));
  await eventually("the store is empty", async () => (await waiting("signal")) === 0);
  // The first batch was kept, too: only its answer told otherwise.
  assert.deepEqual(await house.signals(session), ["view first", "view second"]);
});

test("a prefetched decision that does not know of a signal told meanwhile is not gone by", async () => {
  await at("/");
  await settled(page);
  let release;
  await onTheWire("chain/prefetch", (_, { go }) => (release = go));
  await page.evaluate(() => {
    tenx.signal("intent", { confidence: 0.9 });
    window.prefetched = tenx.prefetch(["shop-checkout"]);
  });
  await eventually("the answer is on its way", async () => release);
  await page.evaluate(() => tenx.signal("purchase"));
  await release();
  await page.evaluate(() => window.prefetched);
  assert.equal((await page.evaluate(() => tenx.resolve("shop-checkout"))).signalsConsidered, 2);
});

test("what a hidden page handed over in vain is sent again when it is seen again", async () => {
  await at("/");
  const session = await settled(page);
  const turn = (state) =>
    page.evaluate((state) => {
      Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  await house.kill();
  await page.evaluate(() => tenx.signal("view", { value: "last" }));
  await turn("hidden");
  await eventually("the beacon failed", async () => page.asked.includes("chain/signals"));
  await house.open();
  await turn("visible");
  await eventually("the store is empty", async () => (await waiting("signal")) === 0);
  assert.deepEqual(await house.signals(session), ["view last"]);
});

test("an older tab does not take back the session of a newer click, nor what was forgotten", async () => {
  await at("/");
  const session = await settled(page);
  const newer = await page.browserContext().newPage();
  const tell = async () => {
    await page.evaluate(() => tenx.signal("view"));
    await eventually("the store is empty", async () => (await waiting("signal")) === 0);
  };
  await at(`/?ctx=${await house.click("sid=sess-newer")}`, newer);
  assert.equal(await settled(newer), "sess-newer");
  await tell();
  assert.equal(await settled(page), session, "a page goes on with the session it began with");
  await at("/", newer);
  assert.equal(await settled(newer), "sess-newer");
  await at(`/?ctx=${await house.click("consent=denied")}`, newer);
  assert.equal(await settled(newer), null);
  await tell();
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
});

test("a sale that waits is told also after the visitor has opted out", async () => {
  await at(`/?ctx=${await house.click()}`);
  await settled(page);
  await house.kill();
  await page.evaluate(() => void tenx.convert({ eventType: "purchase", value: 8, currency: "EUR" }).catch(() => {}));
  await at("/plain");
  assert.equal(await waiting("conversion"), 1);
  await page.evaluateOnNewDocument(() => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true }));
  await house.open();
  await at("/");
  await eventually("the store is empty", async () => (await waiting("conversion")) === 0);
  assert.ok((await house.conversions()).some(({ value }) => value === 8));
});

test("an answer that breaks off is none: the click is asked about again", async () => {
  await onTheWire("context", (number, { go, answer }) => (number === 1 ? answer(200, '{"valid":true,') : go()));
  await at(`/?ctx=${await house.click("consent=denied")}`);
  await settled(page);
  await at("/");
  assert.equal(await settled(page), null);
});

test("calls a page gets wrong do not throw into it", async () => {
  await at("/");
  const session = await settled(page);
  const href = await page.evaluate(() => {
    tenx.signal("view", null);
    const anchor = document.body.appendChild(document.createElement("a"));
    anchor.dataset.tenx = "";
    anchor.click();
    return anchor.getAttribute("href");
  });
  assert.equal(href, null, "what is no link does not become one");
  await eventually("the signal", async () => (await house.signals(session)).length === 1);
});
