// What the snippet does in a page, in a real browser against a real local server.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { LocalServer, eventually, launch, merchant, sessionOf, visitor } from "./server.mjs";

let server, shop, browser, page;
before(async () => {
  server = await LocalServer.start();
  shop = await merchant(server.api);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  shop?.server.close();
  await server?.close();
});
beforeEach(async () => {
  await server.open();
  page = await visitor(browser, server);
});
afterEach(async () => {
  assert.deepEqual(page.errors, [], "no error reached the page, and its policy was kept to");
  await page.browserContext().close();
});

const at = (place, tab = page) => tab.goto(shop.origin + place, { waitUntil: "load" });
const stored = (area = "localStorage") => page.evaluate((area) => Object.keys(window[area]).sort(), area);
const calls = (path) => page.requests.filter((request) => request === path).length;
const purchase = (idempotencyKey) => ({ eventType: "purchase", value: 24.99, currency: "EUR", idempotencyKey });
/** Starts a conversion and leaves its outcome in the page. */
const startConversion = (order) =>
  page.evaluate((order) => {
    window.outcome = null;
    tenx.convert(order).then((receipt) => (window.outcome = { receipt }), ({ message, status, answer }) => (window.outcome = { message, status, answer }));
  }, order);
const outcome = async () => (await page.waitForFunction(() => window.outcome, { timeout: 30_000 })).jsonValue();
const waiting = async (kind) => (await stored()).filter((name) => name.startsWith(`tenx.demo.${kind}.`)).length;
/** Intercepts the API's answers to `path`: `respond` gets the number of each and what it can do with it. */
async function intercept(path, respond) {
  const devtools = await page.createCDPSession();
  await devtools.send("Fetch.enable", { patterns: [{ urlPattern: `*/v2/public/${path}*`, requestStage: "Response" }] });
  let number = 0;
  devtools.on("Fetch.requestPaused", ({ requestId, request, responseHeaders }) => {
    const go = () => devtools.send("Fetch.continueRequest", { requestId });
    if (request.method === "OPTIONS") return go();
    const answer = (responseCode, body, more = {}) => {
      const headers = [...responseHeaders, ...Object.entries(more).map(([name, value]) => ({ name, value }))];
      return devtools.send("Fetch.fulfillRequest", { requestId, responseCode, responseHeaders: headers, body: btoa(body) });
    };
    const fail = () => devtools.send("Fetch.failRequest", { requestId, errorReason: "ConnectionReset" });
    respond(++number, { go, fail, answer, body: request.postData && JSON.parse(request.postData) });
  });
}

test("the ctx leaves the address, stays with the site, and the newest one wins", async () => {
  const [first, second] = [await server.click(), await server.click()];
  await at(`/?a=1&ctx=${first}&b=%20x&b=#part`);
  await sessionOf(page);
  assert.equal(page.url(), `${shop.origin}/?a=1&b=%20x&b=#part`);
  assert.equal(await page.evaluate(() => tenx.ctx), first);
  await at("/?ctx=of-the-shop-itself");
  assert.equal(page.url(), `${shop.origin}/?ctx=of-the-shop-itself`, "what is no ctx of ours is not ours to take");
  assert.equal(await page.evaluate(() => tenx.ctx), first);
  await at(`/?ctx=${second}`);
  await sessionOf(page);
  assert.deepEqual(await page.evaluate(() => [location.href, tenx.ctx]), [`${shop.origin}/`, second]);
  assert.equal(await page.evaluate(() => document.cookie), "");
});

test("a forged ctx does not displace the one before it", async () => {
  const good = await server.click();
  await at(`/?ctx=${good}`);
  await sessionOf(page);
  await at("/?ctx=c1.k1.AAAA.BBBB");
  await sessionOf(page);
  assert.deepEqual(await page.evaluate(() => [location.search, tenx.ctx]), ["", good]);
});

test("the session the click names is adopted, and asked for once", async () => {
  await at(`/?ctx=${await server.click("sid=sess-of-the-guide")}`);
  assert.equal(await sessionOf(page), "sess-of-the-guide");
  await at("/");
  assert.equal(await sessionOf(page), "sess-of-the-guide");
  assert.equal(calls("context"), 1);
  // A click without a session goes on with the one there is.
  await at(`/?ctx=${await server.click()}`);
  assert.equal(await sessionOf(page), "sess-of-the-guide");
  assert.equal(calls("context"), 2);
});

test("a session of its own lasts until thirty days of nothing", async () => {
  await at("/");
  const session = await sessionOf(page);
  assert.match(session, /^sig_demo_\d{13}_[0-9a-f]{32}$/);
  const age = (days) =>
    page.evaluate((days) => {
      const kept = JSON.parse(localStorage.getItem("tenx.demo.session"));
      localStorage.setItem("tenx.demo.session", JSON.stringify({ ...kept, at: Date.now() - days * 86_400_000 }));
    }, days);
  await age(29.9);
  await at("/");
  assert.equal(await sessionOf(page), session);
  await age(30);
  await at("/");
  assert.notEqual(await sessionOf(page), session);
});

test("signals of one moment go in batches of fifty, and are gone from the store once they are kept", async () => {
  await at("/");
  const session = await sessionOf(page);
  await page.evaluate(() => {
    for (let number = 0; number < 60; number++) tenx.signal("view", { value: number, metadata: { number } });
  });
  assert.equal((await stored()).length, 61);
  await eventually("the store is empty", async () => (await stored()).length === 1);
  assert.equal(calls("chain/signals"), 2);
  const { signals } = await server.read(`chain/${session}`);
  assert.equal(new Set(signals.map(({ signalValue }) => signalValue)).size, 60);
});

test("a bad signal does not cost the others theirs", async () => {
  await at("/");
  const session = await sessionOf(page);
  await page.evaluate(() => {
    tenx.signal("view");
    tenx.signal("no key at all");
    tenx.signal("intent", { confidence: 7 });
    tenx.signal("intent", { confidence: 0.7 });
  });
  await eventually("the store is empty", async () => (await stored()).length === 1);
  assert.deepEqual((await server.signals(session)).sort(), ["intent", "view"]);
});

test("a decision considers every signal the page sent before it, and a prefetched one is not asked for again", async () => {
  await at("/");
  await sessionOf(page);
  const decide = () => page.evaluate(() => tenx.resolve("shop-checkout"));
  assert.equal((await decide()).matched, false);
  const [hot, both] = await page.evaluate(async () => {
    tenx.signal("intent", { confidence: 0.9 });
    return [await tenx.resolve("shop-checkout"), await tenx.prefetch(["shop-checkout", "exit"])];
  });
  assert.deepEqual([hot.ruleId, hot.action.type, both["shop-checkout"].ruleId, both.exit.matched], ["shop-offer", "banner", "shop-offer", false]);
  const before = page.requests.length;
  assert.deepEqual(await decide(), both["shop-checkout"]);
  assert.equal(page.requests.length, before);
});

test("a conversion is answered with its receipt, and one that cannot be is refused once and for all", async () => {
  await at("/");
  await startConversion(purchase("order-without-click"));
  assert.match((await outcome()).message, /no ctx/);
  await at(`/?ctx=${await server.click()}`);
  const session = await sessionOf(page);
  await startConversion(purchase("order-1"));
  const { receipt } = await outcome();
  assert.deepEqual([receipt.deduped, receipt.value, receipt.campaignId], [false, 24.99, "shop"]);
  // The click brought no session: it is the page's that has converted.
  assert.equal((await server.read(`conversions/${receipt.conversionId}`)).sessionId, session);
  await eventually("the session has converted", async () => (await server.read(`chain/${session}`)).converted);
  await startConversion(purchase("order-1"));
  assert.equal((await outcome()).receipt.deduped, true);
  await startConversion({ eventType: "Not A Type" });
  const refused = await outcome();
  assert.deepEqual([refused.status, refused.answer.error, refused.answer.fields[0].field], [400, "invalid_payload", "eventType"]);
  assert.equal(calls("conversions"), 3);
  assert.deepEqual(await stored(), ["tenx.demo.ctx", "tenx.demo.session"]);
});

test("a conversion whose answers are lost or put off is sent again under the same key, when it may be", async () => {
  await at(`/?ctx=${await server.click()}`);
  await sessionOf(page);
  // The API has answered; the first answer is lost on the way, the second comes as a 429.
  const posted = [];
  await intercept("conversions", (number, { go, fail, answer, body }) => {
    posted.push({ key: body.idempotencyKey, at: Date.now() });
    if (number === 1) fail();
    else if (number === 2) answer(429, "{}", { "retry-after": "3" });
    else go();
  });
  const before = (await server.conversions()).length;
  await startConversion({ ...purchase(), value: 3 });
  assert.equal((await outcome()).receipt.deduped, true);
  assert.deepEqual([posted.length, new Set(posted.map(({ key }) => key)).size], [3, 1]);
  assert.ok(posted[2].at - posted[1].at >= 3000, "Retry-After is kept to");
  assert.equal((await server.conversions()).length, before + 1);
});

test("a conversion made while the API is down arrives once it is up again", async () => {
  await at(`/?ctx=${await server.click()}`);
  await sessionOf(page);
  await server.kill();
  await startConversion(purchase("order-2"));
  await page.waitForFunction(() => localStorage.getItem("tenx.demo.conversion.order-2"));
  assert.match(await page.evaluate(() => tenx.resolve("checkout").catch(({ message }) => message)), /cannot be reached/);
  await server.open();
  const { receipt } = await outcome();
  assert.equal(receipt.eventType, "purchase");
  assert.deepEqual(await stored(), ["tenx.demo.ctx", "tenx.demo.session"]);
});

test("a conversion that never got through is sent by the next page", async () => {
  await at(`/?ctx=${await server.click()}`);
  const session = await sessionOf(page);
  await server.kill();
  await startConversion(purchase("order-3"));
  await page.evaluate(() => tenx.signal("view", { value: "kept" }));
  await at("/plain");
  assert.equal((await stored()).filter((name) => /conversion|signal/.test(name)).length, 2);
  await server.open();
  await at("/");
  await eventually("the store is empty", async () => (await stored()).length === 2);
  assert.equal((await server.conversions()).filter(({ value }) => value === 24.99).length, 3);
  assert.deepEqual(await server.signals(session), ["view kept"]);
});

test("a page that is left hands over its signals and its conversion", async () => {
  await at(`/?ctx=${await server.click()}`);
  const session = await sessionOf(page);
  await server.kill();
  await startConversion({ ...purchase("order-4"), value: 4 });
  await page.waitForFunction(() => performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/conversions")).length >= 3, { timeout: 20_000 });
  await server.open();
  // The next try is seconds away, the batch a third of one.
  await Promise.all([page.waitForNavigation(), page.evaluate(() => (tenx.signal("view", { value: "last" }), (location.href = "/plain")))]);
  await eventually("the conversion", async () => (await server.conversions()).some(({ value }) => value === 4));
  await eventually("the signal", async () => (await server.signals(session)).includes("view last"));
  // The page after sends what it does not know to have arrived, and it counts once.
  await at("/");
  await eventually("the store is empty", async () => (await stored()).length === 2);
  assert.equal((await server.conversions()).filter(({ value }) => value === 4).length, 1);
  assert.deepEqual(await server.signals(session), ["view last"]);
});

test("a marked link goes on with the session, any other as it is", async () => {
  await at("/");
  const session = await sessionOf(page);
  assert.equal(await page.evaluate(() => tenx.link("https://demo.links.example/shop?a=1&sid=old#x")), `https://demo.links.example/shop?a=1&sid=${session}#x`);
  assert.equal(await page.evaluate(() => tenx.link("http://")), "http://");
  await Promise.all([page.waitForNavigation(), page.click("#marked b")]);
  assert.equal(page.url(), `${shop.origin}/plain?a=1&sid=${session}#x`);
  await at("/");
  await Promise.all([page.waitForNavigation(), page.click("#bare")]);
  assert.equal(page.url(), `${shop.origin}/plain`);
});

for (const [who, click] of [
  ["who sends Global Privacy Control", () => server.click()],
  ["who denied consent on the link", () => server.click("consent=denied&sid=s1")],
]) {
  test(`of a visitor ${who} nothing is kept and nothing is sent but the sale`, async () => {
    const requests = who.includes("denied") ? ["sdk.js", "context"] : ["sdk.js"];
    // What was kept of them before is forgotten.
    await at("/");
    await sessionOf(page);
    if (!who.includes("denied")) {
      await page.evaluateOnNewDocument(() => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true }));
    }
    page.requests = [];
    const ctx = await click();
    await at(`/?ctx=${ctx}`);
    await eventually("the page is quiet", async () => (await stored()).length === 0 && (await stored("sessionStorage")).length === 1);
    const seen = await page.evaluate(async () => {
      tenx.signal("intent", { confidence: 1 });
      const marked = document.getElementById("marked");
      return {
        session: tenx.session,
        ctx: tenx.ctx,
        decision: await tenx.resolve("checkout"),
        decisions: await tenx.prefetch(["checkout", "exit"]),
        link: tenx.link("https://demo.links.example/shop?a"),
        marked: marked.href,
      };
    });
    assert.deepEqual([seen.session, seen.ctx, seen.link], [null, ctx, "https://demo.links.example/shop?a"]);
    assert.deepEqual([seen.decision.matched, seen.decision.action], [false, { type: "none" }]);
    assert.deepEqual(seen.decisions.exit.action, { type: "none" });
    // The tab goes on with the ctx, also past a page without the snippet.
    await at("/plain");
    await at("/");
    await page.waitForFunction(() => window.tenx);
    await startConversion({ ...purchase(`order-of-one ${who}`), value: 7 });
    const { receipt } = await outcome();
    assert.deepEqual([receipt.deduped, receipt.value], [false, 7]);
    assert.deepEqual([...new Set(page.requests)], [...requests, "conversions"]);
    const { sessionId } = await server.read(`conversions/${receipt.conversionId}`);
    assert.equal(sessionId, null);
    assert.deepEqual([await stored(), await stored("sessionStorage")], [[], ["tenx.demo.ctx"]]);
    await Promise.all([page.waitForNavigation(), page.click("#marked")]);
    assert.equal(page.url(), `${shop.origin}/plain?a=1#x`);
  });
}

test("where storage is closed to the page, everything works as far as the page itself remembers", async () => {
  await page.evaluateOnNewDocument(() => {
    for (const area of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(window, area, { get: () => { throw new DOMException("closed", "SecurityError"); } });
    }
  });
  await at(`/?ctx=${await server.click()}`);
  const session = await sessionOf(page);
  await page.evaluate(() => tenx.signal("view"));
  await startConversion({ ...purchase("order-5"), value: 5 });
  assert.equal((await outcome()).receipt.value, 5);
  await eventually("the signal", async () => (await server.signals(session)).length === 1);
});

test("a new click counts also where storage is full", async () => {
  const [first, second] = [await server.click(), await server.click()];
  await at(`/?ctx=${first}`);
  await sessionOf(page);
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
  await sessionOf(page);
  assert.equal(await page.evaluate(() => tenx.ctx), second);
});

test("a signal sent while others wait for Retry-After goes with them afterwards", async () => {
  await at("/");
  const session = await sessionOf(page);
  await intercept("chain/signals", (number, { go, answer }) => (number === 1 ? answer(429, "{}", { "retry-after": "2" }) : go()));
  await page.evaluate(() => tenx.signal("view", { value: "first" }));
  await eventually("the first is put off", async () => page.requests.includes("chain/signals"));
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)).then(() => tenx.signal("view", { value: "second" })));
  await eventually("the store is empty", async () => (await waiting("signal")) === 0);
  // The first batch was kept, too: only its answer was another.
  assert.deepEqual(await server.signals(session), ["view first", "view second"]);
});

test("a prefetched decision is not used when a signal was sent meanwhile", async () => {
  await at("/");
  await sessionOf(page);
  let release;
  await intercept("chain/prefetch", (_, { go }) => (release = go));
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

test("what a hidden page failed to send is sent again when it is visible again", async () => {
  await at("/");
  const session = await sessionOf(page);
  const turn = (state) =>
    page.evaluate((state) => {
      Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  await server.kill();
  await page.evaluate(() => tenx.signal("view", { value: "last" }));
  await turn("hidden");
  await eventually("the beacon failed", async () => page.requests.includes("chain/signals"));
  await server.open();
  await turn("visible");
  await eventually("the store is empty", async () => (await waiting("signal")) === 0);
  assert.deepEqual(await server.signals(session), ["view last"]);
});

test("an older tab does not take back the session of a newer click, nor what was forgotten", async () => {
  await at("/");
  const session = await sessionOf(page);
  const newer = await page.browserContext().newPage();
  const sendSignal = async () => {
    await page.evaluate(() => tenx.signal("view"));
    await eventually("the store is empty", async () => (await waiting("signal")) === 0);
  };
  await at(`/?ctx=${await server.click("sid=sess-newer")}`, newer);
  assert.equal(await sessionOf(newer), "sess-newer");
  await sendSignal();
  assert.equal(await sessionOf(page), session, "a page goes on with the session it began with");
  await at("/", newer);
  assert.equal(await sessionOf(newer), "sess-newer");
  await at(`/?ctx=${await server.click("consent=denied")}`, newer);
  assert.equal(await sessionOf(newer), null);
  await sendSignal();
  assert.deepEqual(await stored(), []);
});

test("a sale that waits is sent also after the visitor has opted out", async () => {
  await at(`/?ctx=${await server.click()}`);
  await sessionOf(page);
  await server.kill();
  await page.evaluate(() => void tenx.convert({ eventType: "purchase", value: 8, currency: "EUR" }).catch(() => {}));
  await at("/plain");
  assert.equal(await waiting("conversion"), 1);
  await page.evaluateOnNewDocument(() => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true }));
  await server.open();
  await at("/");
  await eventually("the store is empty", async () => (await waiting("conversion")) === 0);
  assert.ok((await server.conversions()).some(({ value }) => value === 8));
});

test("an answer that breaks off is none: the click is asked about again", async () => {
  await intercept("context", (number, { go, answer }) => (number === 1 ? answer(200, '{"valid":true,') : go()));
  await at(`/?ctx=${await server.click("consent=denied")}`);
  await sessionOf(page);
  await at("/");
  assert.equal(await sessionOf(page), null);
});

test("calls a page gets wrong do not throw into it", async () => {
  await at("/");
  const session = await sessionOf(page);
  const href = await page.evaluate(() => {
    tenx.signal("view", null);
    const anchor = document.body.appendChild(document.createElement("a"));
    anchor.dataset.tenx = "";
    anchor.click();
    return anchor.getAttribute("href");
  });
  assert.equal(href, null, "what is no link does not become one");
  await eventually("the signal", async () => (await server.signals(session)).length === 1);
});
