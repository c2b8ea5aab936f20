// What strangers and partners can write anywhere is shown as text: no script, no broken layout, no quiet error.
import assert from "node:assert/strict";
import { test } from "node:test";
import { environment, go, open, prepare, settled, tab, textOf } from "./harness.mjs";
import { click, counted, must, newHandle, order } from "./world.mjs";

const MARKUP = '<img src=x onerror="globalThis.pwned=1">';
const TEXT = `${MARKUP}\u202eright to left \u{1f600}${"👩‍👩‍👧‍👦".repeat(3)} "quotes' & ampersand <script>pwned=1</script>`;
const LONG = `https://shop.example.com/${"a".repeat(1_900)}?q=%3Cscript%3Ealert(1)%3C/script%3E`;
const NAME = `${MARKUP}\u202eright to left`;
const WORD = "W".repeat(160);

let server, browser, handle, conversionId;
environment({ month: false }, (env) => ({ server, browser } = env));

prepare(async () => {
  handle = await newHandle(server);
  const primaryLink = { slug: "deal-evil", destinationUrl: LONG, title: TEXT, description: TEXT, tags: [MARKUP, "x".repeat(60)], categories: [MARKUP], ogTitle: TEXT, ogDescription: WORD };
  await must(server, handle, "POST", "campaigns", { campaignId: `evil-${"x".repeat(59)}`, name: TEXT, goalType: "PRODUCT_SALE", status: "ACTIVE", currency: "EUR", primaryLink });
  await must(server, handle, "PUT", "links/plain", { destinationUrl: "https://example.com/", title: WORD, routingRules: [{ priority: 10, destinationUrl: LONG, conditions: { sourceIn: [MARKUP.slice(0, 60)], segmentIn: ["y".repeat(64)] } }] });
  await must(server, handle, "PUT", "personalization-rules/evil", { priority: 1, when: { sourceIn: [MARKUP.slice(0, 60)] }, variant: { id: "evil", destinationUrl: LONG } });
  const action = { type: "popup", title: TEXT.slice(0, 190), text: TEXT, label: WORD.slice(0, 100), destinationUrl: LONG, data: { [MARKUP]: TEXT } };
  const when = { all: [{ signalKey: "s".repeat(64), signalValueIn: [TEXT, WORD] }], any: [{ segmentIn: [MARKUP] }], none: [{ segmentIn: [WORD.slice(0, 64)] }] };
  await must(server, handle, "PUT", `chain/rules/evil-${"x".repeat(59)}`, { trigger: "t".repeat(64), when, action });
  await must(server, handle, "PUT", "chain/rules/shown", { trigger: "evil", action });
  const signals = [MARKUP, TEXT, WORD, "\u202eturned"].map((signalValue) => ({ signalKey: "k".repeat(64), signalValue, source: MARKUP, metadata: { [MARKUP]: TEXT, word: WORD } }));
  await must(server, handle, "POST", "chain/signals", { sessionId: "e".repeat(128), signals });
  const query = `?source=${encodeURIComponent(MARKUP)}&utm_campaign=${encodeURIComponent(TEXT)}`;
  const ctx = await click(server, handle, `deal-evil${query}`, { referer: `https://${"r".repeat(60)}.example/${encodeURIComponent(MARKUP)}` });
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  ({ conversionId } = await order(server, ctx, TEXT, { value: "999999999999.99", currency: "EUR", metadata: { [MARKUP]: TEXT, nested: { deep: [MARKUP] }, word: WORD } }));
  await must(server, handle, "POST", `conversions/${conversionId}/adjustments`, { amount: -0.01, reason: TEXT, idempotencyKey: TEXT });
  await must(server, handle, "POST", `conversions/${conversionId}/adjustments`, { amount: -1, reason: WORD, idempotencyKey: WORD });
  await must(server, handle, "POST", "tokens", { name: NAME, scopes: ["links.read"] });
  await must(server, handle, "PUT", "collaborators", { collaborators: [{ userId: "w".repeat(128), role: "CREATOR" }] });
  await counted(server, handle, { clicks: 1, conversions: 1 });
});

test("hostile text is text, on every page and at 360 px", async (t) => {
  const page = await tab(browser, server);
  await open(page, server, `${handle}/overview`);
  const campaign = `evil-${"x".repeat(59)}`;
  const pages = {
    overview: "Latest conversions",
    "attribution/links": "right to left",
    "attribution/links/plain": "example.com",
    "attribution/links/plain/edit": WORD,
    "attribution/links/deal-evil/edit": "right to left",
    "attribution/campaigns": "right to left",
    [`attribution/campaigns/${campaign}`]: "right to left",
    [`attribution/campaigns/${campaign}?tab=reports`]: "Referrers",
    [`attribution/campaigns/${campaign}?tab=health`]: "Its link is open",
    [`attribution/campaigns/${campaign}?tab=conversions`]: "999,999,999,99",
    [`attribution/campaigns/${campaign}?tab=payout`]: "€999,999,999,998.98",
    [`attribution/campaigns/${campaign}/edit`]: campaign,
    [`attribution/conversions?key=${encodeURIComponent(TEXT)}`]: "€999,999,999,998.98",
    [`attribution/conversions/${conversionId}`]: MARKUP,
    "attribution/rules": "shop.example.com",
    "attribution/exports": "Conversions",
    "lifecycle/rules": "right to left",
    [`lifecycle/rules/evil-${"x".repeat(59)}/edit`]: "right to left",
    [`lifecycle/tester?triggers=evil,${"t".repeat(64)}&session=${"e".repeat(128)}`]: "right to left",
    [`lifecycle/sessions/${"e".repeat(128)}`]: MARKUP,
    "lifecycle/segments": "People by segment",
    "settings/tokens": MARKUP,
    "settings/collaborators": "w".repeat(128),
    "settings/audit": "deal-evil",
    [`settings/audit?target=${encodeURIComponent(TEXT)}&actor=${encodeURIComponent(MARKUP)}`]: "No event matches",
  };
  for (const [place, shown] of Object.entries(pages)) {
    await t.test(place.slice(0, 60), async () => {
      page.faults.length = 0;
      await page.setViewport({ width: 1280, height: 900 });
      await go(page, `${handle}/${place}`);
      const text = `${await textOf(page, "main")} ${await page.$$eval("main input, main textarea", (all) => all.map(({ value }) => value).join(" "))}`;
      assert.ok(text.includes(shown), `${place} shows ${shown.slice(0, 40)}: ${text.slice(0, 800)}`);
      await page.setViewport({ width: 360, height: 740 });
      await settled(page);
      const wide = await page.evaluate(() => [...document.querySelectorAll("main *")].filter((each) => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest(".table-scroll, .tab-list, pre, .map-and-list")).map(({ tagName, className, innerText }) => `${tagName}.${className} ${innerText?.slice(0, 40)}`).slice(0, 4));
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, `scrolls sideways: ${wide}`);
      assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
      assert.equal(await page.$("main img"), null);
      assert.deepEqual(page.faults, []);
    });
  }
});
