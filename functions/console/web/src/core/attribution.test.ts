import { describe, expect, it } from "vitest";
import type { Schema } from "../api/client";
import { includes, isZone, zoneName, zones } from "./account";
import { campaignBody, campaignChange, campaignForm, payout, rowsOf, stages, type Campaign, type Funnel } from "./campaigns";
import { blocks, isPayable, observation } from "./confidence";
import { filterOf, foot, listQuery, stateOf, type Conversion } from "./conversions";
import { add, exactNumber, negated, parseExact, sign, writeExact, type Decimal } from "./decimal";
import { csvRows, devCommand, estimate, ExportFile, fileName, rawItems, script, type ExportQuery } from "./exports";
import { adjustmentKey, amountFault, net, steps } from "./ledger";
import { decimalsOf, money } from "./money";
import { differences, ledgerSums, statementText } from "./statement";
import { campaignIsUnnamed, campaignOf, credited } from "./why";

const d = (text: string): Decimal => text as Decimal;

describe("the points of a confidence", () => {
  const PENALTIES = [["no_clicks", 50], ["conversions_exceed_clicks", 40], ["bot_ratio_20_40", 15], ["bot_ratio_over_40", 30], ["stale", 20]] as const;
  it("add up to 100 with every set of penalties, beyond zero too", () => {
    for (let set = 0; set < 1 << PENALTIES.length; set++) {
      const penalties = PENALTIES.filter((_, index) => set & (1 << index)).map(([code, points]) => ({ code, points }));
      const score = Math.max(0, 100 - penalties.reduce((sum, { points }) => sum + points, 0));
      const found = blocks(score, penalties);
      expect(found.reduce((sum, { points }) => sum + points, 0)).toBe(100);
      expect(found.every(({ points }) => points > 0)).toBe(true);
      expect(found.find(({ code }) => code === null)?.points ?? 0).toBe(score);
    }
  });
  it("that no penalty explains are shown as such", () => expect(blocks(70, [{ code: "stale", points: 20 }])).toEqual([{ code: null, points: 70 }, { code: "stale", points: 20 }, { code: "other", points: 10 }]));
  it("are payable from 50 on", () => expect([49, 50, 100].map(isPayable)).toEqual([false, true, true]));
  it("say what was observed", () => expect(observation({ code: "bot_ratio_over_40", observed: 0.5804 })).toBe("58% of the clicks are bots"));
});

describe("a ledger", () => {
  const entry = (amount: string | null, kind: "CONVERSION" | "ADJUSTMENT" = "ADJUSTMENT"): Schema["LedgerEntry"] =>
    ({ kind, entryId: `e${amount}`, conversionId: "cnv_1", at: "2026-11-22T10:00:00.000Z", amount: amount === null ? null : d(amount), currency: "EUR", reason: "r" }) as Schema["LedgerEntry"];
  it("ends where its entries add up to, to the last digit", () => {
    const found = steps([entry("123456789012.3456", "CONVERSION"), entry("-0.0001"), entry("-5.25"), entry("0.01")]);
    expect(found.map(({ kind, to }) => [kind, to])).toEqual([
      ["value", "123456789012.3456"], ["down", "123456789012.3455"], ["down", "123456789007.0955"], ["up", "123456789007.1055"], ["net", "123456789007.1055"],
    ]);
    expect(net([entry("24.99", "CONVERSION"), entry("-5.25")])).toBe("19.74");
  });
  it("has steps that begin where the one before ended", () => {
    for (let run = 0; run < 200; run++) {
      const cents = Array.from({ length: 1 + Math.floor(Math.random() * 8) }, () => Math.floor(Math.random() * 2e6) - 1e6);
      const text = (value: number): string => `${value < 0 ? "-" : ""}${Math.floor(Math.abs(value) / 100)}.${String(Math.abs(value) % 100).padStart(2, "0")}`;
      const found = steps(cents.map((value, index) => entry(text(value), index ? "ADJUSTMENT" : "CONVERSION")));
      found.slice(1, -1).forEach(({ from }, index) => expect(from).toBe(found[index]?.to));
      const sum = cents.reduce((total, value) => total + value, 0);
      expect(sign(add(found.at(-1)?.amount ?? d("0"), negated(d(text(sum)))))).toBe(0);
    }
  });
  it("without amounts has no steps", () => expect([steps([entry(null, "CONVERSION")]), net([])]).toEqual([[], null]));
  it("refuses what cannot be adjusted before it is sent", () => {
    expect(amountFault(null, 2, d("10"))).toBe("format");
    expect(amountFault(d("0.00"), 2, d("10"))).toBe("zero");
    expect(amountFault(d("-1.5"), 0, d("10"))).toBe("places");
    expect(amountFault(d("-1.234"), 3, d("10"))).toBe(null);
    expect(amountFault(d("-10.01"), 2, d("10.00"))).toBe("below");
    expect(amountFault(d("-10.00"), 2, d("10"))).toBe(null);
  });
  it("gets keys of its own", () => {
    expect(adjustmentKey(Date.parse("2026-11-22T10:00:00Z"))).toMatch(/^console-20261122-[a-z2-9]{6}$/);
    expect(new Set(Array.from({ length: 200 }, () => adjustmentKey(0))).size).toBeGreaterThan(195);
  });
});

describe("amounts that are sent", () => {
  it("keep every digit", () => {
    expect(writeExact({ amount: exactNumber(d("-999999999999.9999")), reason: "a" })).toBe('{"amount":-999999999999.9999,"reason":"a"}');
    expect(parseExact(writeExact({ value: exactNumber(d("123456789012.345")) }))).toEqual({ value: "123456789012.345" });
    expect(writeExact({ a: undefined, b: null })).toBe('{"b":null}');
  });
  it("have the decimals of their currency", () => {
    expect(["JPY", "KWD", "EUR"].map(decimalsOf)).toEqual([0, 3, 2]);
    expect([money(d("999999999999"), "JPY"), money(d("0.001"), "KWD"), money(d("-5.2"), "EUR")].map((text) => text.replace(/\s/g, " "))).toEqual(["¥999,999,999,999", "KWD 0.001", "-€5.20"]);
  });
});

const funnel = (campaignId: string, confidence: number, revenueByCurrency: Record<string, string>): Funnel =>
  ({ campaignId, confidence, penalties: [], clicks: 10, botClicks: 4, qualifiedClicks: 6, conversions: 2, revenue: d("1"), revenueConfirmed: d("0"), currency: "EUR", revenueByCurrency }) as unknown as Funnel;

describe("campaigns", () => {
  const campaign = {
    campaignId: "alpha", name: "Alpha", goalType: "PRODUCT_SALE", status: "ACTIVE", primarySlug: "deal", trackingPreset: "ga4_purchase", conversionEventType: "order", currency: "EUR", version: 1,
  } as unknown as Campaign;
  it("appear once each, deleted ones too", () => {
    expect(rowsOf([campaign], [funnel("alpha", 100, {}), funnel("gone", 40, {})]).map(({ id, campaign: known }) => [id, known !== null])).toEqual([["alpha", true], ["gone", false]]);
  });
  it("are payable or held by their confidence, currencies apart", () => {
    const idle = { ...funnel("idle", 50, { EUR: "9" }), clicks: 0, conversions: 0 } as Funnel;
    const found = payout([funnel("a", 100, { EUR: "0.1", USD: "5" }), funnel("b", 50, { EUR: "0.2" }), funnel("c", 49, { EUR: "7" }), idle]);
    expect([found.payable, found.held, [...found.payableAmounts], [...found.heldAmounts]]).toEqual([2, 1, [["EUR", "0.3"], ["USD", "5"]], [["EUR", "7"]]]);
  });
  it("have stages that lose what the next one lacks", () => {
    const found = stages(funnel("a", 100, {}));
    expect(found.map(({ count, left }) => [count, left?.count ?? 0])).toEqual([[10, 0], [6, 4], [2, 4]]);
  });
  it("send only what was changed", () => {
    const initial = campaignForm(campaign, "new1");
    expect(campaignChange(initial, initial)).toEqual({});
    expect(campaignChange({ ...initial, name: "", currency: "usd" }, initial)).toEqual({ name: null, currency: "USD" });
    expect(campaignChange({ ...initial, link: "none" }, initial)).toEqual({ primarySlug: null });
  });
  it("are created with what was typed", () => {
    const form = { ...campaignForm(null, "deal-x"), campaignId: "alpha", newDestination: " https://shop.example/ " };
    expect(campaignBody(form, false)).toEqual({
      campaignId: "alpha", goalType: "PRODUCT_SALE", status: "ACTIVE", primaryLink: { slug: "deal-x", destinationUrl: "https://shop.example/", title: null },
    });
  });
});

describe("conversions", () => {
  const item = (parts: Partial<Conversion>): Conversion => ({ test: false, counted: true, bot: false, value: d("1"), adjusted: d("0"), netValue: d("1"), currency: "EUR", ...parts }) as Conversion;
  it("are summed by currency without the tests", () => {
    const found = foot([item({}), item({ netValue: d("0.50"), adjusted: d("-0.50") }), item({ currency: "JPY", netValue: d("999999999999") }), item({ test: true, netValue: d("49") })]);
    expect([[...found.net], [...found.adjusted], found.tests]).toEqual([[["EUR", "1.50"], ["JPY", "999999999999"]], [["EUR", "-0.50"], ["JPY", "0"]], 1]);
  });
  it("are asked for by their filter, and by a key alone", () => {
    const days = { from: "2026-11-01", to: "2026-11-22" };
    const of = (text: string) => listQuery(filterOf(new URLSearchParams(text)), days);
    expect(of("campaign=a&trust=claimed&state=waiting")).toEqual({ limit: 50, ...days, campaignId: "a", trust: "claimed", counted: false, test: false });
    expect(of("state=uncredited")).toEqual({ limit: 50, ...days, credited: false, test: false });
    expect(of("state=test&slug=deal&trust=x")).toEqual({ limit: 50, ...days, slug: "deal", test: true });
    expect(of("key=order-1&campaign=a")).toEqual({ limit: 50, idempotencyKey: "order-1" });
  });
  it("say how they count", () => {
    expect([item({ test: true, counted: false }), item({ counted: false }), item({ notCredited: "campaign_paused" }), item({ bot: true }), item({})].map((of) => stateOf(of).name)).toEqual(["Test", "Waiting", "Not credited", "Bot click", "Counted"]);
  });
  it("say why they are not credited", () => {
    expect(credited("not_credited_campaign_paused", null, "deal").because).toMatch(/paused or a draft/);
    expect(credited("not_credited_campaign_paused", "delta", "deal").title).toBe("Counts for the link deal alone: the campaign delta was not active");
    expect(credited("credited_to_campaign", "alpha", "deal").title).toBe("Credited to alpha");
  });
  it("name the campaign of the version that was followed, where the click counts for none", () => {
    const explanation = (outcome: Parameters<typeof credited>[0], campaignId: string | null, linkVersion: number | null) =>
      ({ outcome, verdict: { campaignId: null }, click: { campaignId, linkVersion } }) as Parameters<typeof campaignIsUnnamed>[0];
    expect(campaignIsUnnamed(explanation("not_credited_campaign_paused", null, 2))).toBe(true);
    expect(campaignIsUnnamed(explanation("not_credited_campaign_paused", "delta", 2))).toBe(false);
    expect(campaignIsUnnamed(explanation("not_credited_campaign_paused", null, null))).toBe(false);
    expect(campaignIsUnnamed(explanation("credited_to_link", null, 2))).toBe(false);
    const versions = [{ version: 3, campaignId: "later" }, { version: 2, campaignId: "delta" }] as Parameters<typeof campaignOf>[1];
    expect(campaignOf({ linkVersion: 2 }, versions)).toBe("delta");
    expect(campaignOf({ linkVersion: 1 }, versions)).toBeNull();
    expect(campaignOf({ linkVersion: 2 })).toBeNull();
  });
});

describe("exports", () => {
  const query: ExportQuery = { type: "conversions", format: "csv", from: "2026-10-01", to: "2026-10-31", campaignId: "alpha" };
  const HEADER = '"entryId","kind","amount","currency","reason","trust"\r\n';
  it("put pages together as one file", () => {
    const csv = new ExportFile("csv");
    csv.add({ text: `${HEADER}"a","CONVERSION",1,"EUR","","claimed"\r\n`, hasHeader: true, next: "x" });
    csv.add({ text: '"b","ADJUSTMENT",-1,"EUR","two\r\nlines, and ""quotes""","claimed"\r\n', hasHeader: false, next: null });
    expect([csv.rows, csv.pages, csv.finished().join("").split('"entryId"').length]).toEqual([2, 2, 2]);
    expect(csvRows(HEADER, true)).toBe(0);
  });
  it("keep JSON items to the letter", () => {
    const page = '{"handle":"a","items":[{"amount":24.90,"t":"a]},{\\"","n":[1,{"x":2}]},{"amount":123456789012.3456}],"nextCursor":null}';
    expect(rawItems(page)).toEqual(['{"amount":24.90,"t":"a]},{\\"","n":[1,{"x":2}]}', '{"amount":123456789012.3456}']);
    const file = new ExportFile("json");
    file.add({ text: page, hasHeader: false, next: "x" });
    file.add({ text: '{"items":[],"nextCursor":null}', hasHeader: false, next: null });
    file.add({ text: '{"items":[{"z":1}],"nextCursor":null}', hasHeader: false, next: null });
    expect(file.finished().join("")).toBe('[\n{"amount":24.90,"t":"a]},{\\"","n":[1,{"x":2}]},\n{"amount":123456789012.3456},\n{"z":1}\n]\n');
    expect(new ExportFile("json").finished().join("")).toBe("[]\n");
  });
  it("are named by all they are selected by", () => expect(fileName("acme", query)).toBe("acme-conversions-alpha-2026-10-01-2026-10-31.csv"));
  it("prove the totals, or say where they differ", () => {
    const csv = `${HEADER}"a","CONVERSION",123456789012.34,"EUR","x, ""y""","confirmed"\r\n"b","ADJUSTMENT",-0.35,"EUR","","confirmed"\r\n"c","CONVERSION",1975,"JPY","","claimed"\r\n"d","CONVERSION","","","","claimed"\r\n`;
    const sums = ledgerSums(csv);
    expect([sums.conversions, sums.adjustments, [...sums.byCurrency], [...sums.confirmed]]).toEqual([3, 1, [["EUR", "123456789011.99"], ["JPY", "1975"]], [["EUR", "123456789011.99"]]]);
    expect(differences(sums, { revenueByCurrency: { EUR: d("123456789011.990"), JPY: d("1975") } })).toEqual([]);
    expect(differences(sums, { revenueByCurrency: { EUR: d("123456789011.98"), USD: d("0") } })).toEqual(["EUR", "JPY"]);
    const totals = { ...funnel("alpha", 70, { EUR: "123456789011.99" }) };
    const text = statementText({ handle: "acme", campaignId: "alpha", range: query, totals, confidence: 70, penalties: [{ code: "bot_ratio_over_40", points: 30, observed: 0.5 }], sums, rows: 4, file: "f.csv", sha256: "ab", frozenAt: "2026-11-22T10:00:00.000Z" });
    expect(text).toContain('"revenue_EUR","123456789011.99"\r\n');
    expect(text).toContain('"penalties","bot_ratio_over_40 -30"\r\n');
  });
});

describe("the same export without the console", () => {
  const query: ExportQuery = { type: "clicks", format: "csv", from: "2026-10-01", to: "2026-10-02" };
  it("is estimated from the totals", () => {
    const totals = { clicks: 7, conversions: 2 };
    expect([estimate("clicks", totals, 2), estimate("conversions", totals, 2), estimate("daily", totals, 2)]).toEqual([
      { rows: 7, atLeast: false }, { rows: 2, atLeast: true }, { rows: 2, atLeast: false },
    ]);
  });
  it("quotes what a shell would read otherwise", () => expect(script("http://x/?a=1&b='", "f.csv", "csv")).toContain("url='http://x/?a=1&b='\\'''"));
  it("is offered from a checkout where it selects the same rows", () => {
    expect(devCommand("acme", query, "f.csv")).toBe("cargo dev export --handle acme --type clicks --format csv --from 2026-10-01 --to 2026-10-02 --out 'f.csv'");
    expect(devCommand("acme", { ...query, slug: "deal" }, "f.csv")).toBe(null);
  });
});

describe("an account", () => {
  it("has what its plan and the lesser ones bring", () => expect([includes("FREE", "PRO"), includes("PRO", "PRO"), includes("ENTERPRISE", "PRO")]).toEqual([false, true, true]));
  it("has a zone that the browser knows", () => {
    expect(["UTC", "Pacific/Kiritimati", "", "Mars/Olympus"].map(isZone)).toEqual([true, true, false, false]);
    expect(zones("Pacific/Kiritimati").slice(0, 2)).toEqual(["UTC", "Pacific/Kiritimati"]);
    expect(zoneName("Asia/Kolkata", 0)).toBe("Asia/Kolkata (GMT+5:30)");
  });
});
