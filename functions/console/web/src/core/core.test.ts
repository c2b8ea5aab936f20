import { describe, expect, it } from "vitest";
import { add, decimal, parseExact, sign, type Decimal } from "./decimal";
import { faultsBelow, unplaced } from "./faults";
import { staleness } from "./freshness";
import { bodyOf, formOf } from "./linkForm";
import { randomSlug, SLUG, statusOf } from "./links";
import { amountOf, money, sums } from "./money";
import { change, rate, share } from "./numbers";
import { changed, kept, sorted, sortOf, sortText } from "./query";
import { before, days, rangeOf, rangeQuery } from "./range";
import { may } from "./roles";
import { points } from "./series";
import { daysBetween, fromLocal, isDay, toLocal } from "./time";

const NOW = Date.parse("2026-11-22T10:00:00Z");
const of = (text: string): URLSearchParams => new URLSearchParams(text);

describe("amounts", () => {
  it("keep every digit from the answer to the screen", () => {
    const answer = parseExact('{"value":123456789012.3456,"clicks":7,"revenueByCurrency":{"EUR":24.90}}');
    expect(answer).toEqual({ value: "123456789012.3456", clicks: 7, revenueByCurrency: { EUR: "24.90" } });
    expect(money("123456789012.3456" as Decimal, "USD")).toBe("$123,456,789,012.3456");
    expect(money("1234567890123456.78" as Decimal, "EUR")).toBe("€1,234,567,890,123,456.78");
    expect(money("1234" as Decimal, "JPY")).toBe("¥1,234");
    expect(money("1.234" as Decimal, "KWD")).toMatch(/1\.234/);
    expect(money(null, "EUR")).toBe("–");
  });
  it("are added exactly", () => {
    expect(add("0.1" as Decimal, "0.2" as Decimal)).toBe("0.3");
    expect(add("-5.25" as Decimal, "24.99" as Decimal)).toBe("19.74");
    expect(add("1" as Decimal, "-1.00" as Decimal)).toBe("0.00");
    expect(add("-0.05" as Decimal, "0" as Decimal)).toBe("-0.05");
    for (let i = 0; i < 500; i++) {
      const [a, b] = [Math.floor(Math.random() * 2e9) - 1e9, Math.floor(Math.random() * 2e9) - 1e9];
      const text = (cents: number): Decimal => `${cents < 0 ? "-" : ""}${Math.floor(Math.abs(cents) / 100)}.${String(Math.abs(cents) % 100).padStart(2, "0")}` as Decimal;
      expect(add(text(a), text(b))).toBe(text(a + b));
      expect(sign(text(a))).toBe(Math.sign(a) + 0);
    }
  });
  it("of different currencies are never added", () => {
    const rows = [{ amount: "1.10" as Decimal, currency: "EUR" }, { amount: "2" as Decimal, currency: "USD" }, { amount: "0.9" as Decimal, currency: "EUR" }];
    expect([...sums(rows)]).toEqual([["EUR", "2.00"], ["USD", "2"]]);
  });
  it("are read as typed or refused", () => {
    expect(amountOf(" 24,99 ")).toBe("24.99");
    expect([amountOf("1e3"), amountOf("1.23456"), amountOf(""), decimal("1.")]).toEqual([null, null, null, null]);
  });
});

describe("days", () => {
  it("follow the address, and fall back to the last 30", () => {
    expect(rangeOf(of(""), NOW)).toEqual({ from: "2026-10-24", to: "2026-11-22", preset: "30d", compare: true });
    expect(rangeOf(of("range=month"), NOW).from).toBe("2026-11-01");
    expect(rangeOf(of("range=today&compare=off"), NOW)).toEqual({ from: "2026-11-22", to: "2026-11-22", preset: "today", compare: false });
    for (const wrong of ["from=2026-02-30&to=2026-03-01", "from=2026-03-02&to=2026-03-01", "from=2020-01-01&to=2026-01-01", "range=x"]) {
      expect(rangeOf(of(wrong), NOW).preset).toBe("30d");
    }
  });
  it("come back from the address that they make", () => {
    for (const text of ["range=7d", "from=2026-03-01&to=2026-03-31&compare=off", ""]) {
      const range = rangeOf(of(text), NOW);
      expect(rangeOf(changed(of(""), rangeQuery(range)), NOW)).toEqual(range);
    }
  });
  it("before are as many and end the day before, over a change of clocks too", () => {
    expect(before({ from: "2026-03-01", to: "2026-03-31" })).toEqual({ from: "2026-01-29", to: "2026-02-28" });
    expect(daysBetween("2026-03-28", "2026-03-30")).toBe(3);
    expect(days({ from: "2024-02-28", to: "2024-03-01" })).toEqual(["2024-02-28", "2024-02-29", "2024-03-01"]);
    expect(isDay("2026-02-29")).toBe(false);
  });
  it("without figures are zero in a series", () => {
    const row = { key: "2026-11-21", clicks: 3, qualifiedClicks: 2, botClicks: 1, conversions: 1 } as Parameters<typeof points>[0]["rows"][number];
    expect(points({ from: "2026-11-20", to: "2026-11-22", rows: [row] }, undefined, "2026-11-22").map(({ people, bots, incomplete }) => [people, bots, incomplete]))
      .toEqual([[0, 0, false], [2, 1, false], [0, 0, true]]);
  });
});

describe("instants", () => {
  it("go through a field of a zone and back", () => {
    for (const zone of ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Niue", "Asia/Kolkata", "America/New_York"]) {
      for (const at of ["2026-03-29T00:30:00.000Z", "2026-10-25T05:00:00.000Z", "2026-11-22T23:59:00.000Z"]) {
        expect(fromLocal(toLocal(at, zone), zone)).toBe(at);
      }
    }
  });
  it("that are not touched stay, in the hour that clocks repeat and to the second", () => {
    for (const at of ["2027-10-31T00:30:00.000Z", "2027-10-31T01:30:00.000Z", "2026-11-22T10:03:34.567Z"]) {
      const text = toLocal(at, "Europe/Berlin");
      expect(fromLocal(text, "Europe/Berlin", at)).toBe(at);
      expect(fromLocal("2026-01-01T00:00", "Europe/Berlin", at)).toBe("2025-12-31T23:00:00.000Z");
    }
  });
  it("that clocks skip are moved on", () => expect(fromLocal("2026-03-29T02:30", "Europe/Berlin")).toBe("2026-03-29T01:30:00.000Z"));
});

describe("figures", () => {
  it("say how they changed", () => {
    expect(change(110, 100)?.text).toBe("+10%");
    expect(change(50, 100)?.spoken).toBe("50% less than before");
    expect(change(5, 0)).toBe(null);
    expect(change(0, 0)?.direction).toBe("same");
    expect([rate(null), share(1, 0), share(1, 8)]).toEqual(["–", "–", "12.5%"]);
  });
});

describe("addresses", () => {
  it("keep the range and drop the rest", () => expect(kept(of("range=7d&q=x&compare=off"))).toBe("?range=7d&compare=off"));
  it("hold the order of rows", () => {
    expect(sortText(sortOf("-clicks"))).toBe("-clicks");
    const rows = [{ n: 2 }, { n: null }, { n: 1 }];
    expect(sorted(rows, (row) => row.n, true).map(({ n }) => n)).toEqual([2, 1, null]);
    expect(sorted(rows, (row) => row.n, false).map(({ n }) => n)).toEqual([1, 2, null]);
  });
});

describe("links", () => {
  const link = { enabled: true };
  it("have the status that visitors meet", () => {
    expect(statusOf(link, NOW)).toBe("live");
    expect(statusOf({ enabled: false, expiresAt: "2020-01-01T00:00:00Z" }, NOW)).toBe("disabled");
    expect(statusOf({ ...link, scheduledStartAt: "2027-01-01T00:00:00Z" }, NOW)).toBe("scheduled");
    expect(statusOf({ ...link, scheduledStartAt: "2026-11-22T10:00:00Z" }, NOW)).toBe("live");
    expect(statusOf({ ...link, expiresAt: "2026-11-22T10:00:00Z" }, NOW)).toBe("expired");
  });
  it("get slugs that the API takes", () => expect(Array.from({ length: 200 }, randomSlug).every((slug) => SLUG.test(slug))).toBe(true));
  it("are written as they were read", () => {
    const read = {
      handle: "demo", slug: "launch", destinationUrl: "https://example.com/", tags: ["a", "b"], maxClicks: 5, redirectType: 307,
      scheduledStartAt: "2026-03-29T00:30:00.000Z", routingRules: [
        { priority: 20, destinationUrl: "https://b.example/", conditions: { deviceIn: ["MOBILE"] } },
        { priority: 10, destinationUrl: "https://a.example/", conditions: { countryIn: [], sourceIn: ["email"] } },
      ],
    } as unknown as Parameters<typeof formOf>[0];
    const body = bodyOf(formOf(read, "", "Europe/Berlin"), "Europe/Berlin");
    expect(body).toMatchObject({ destinationUrl: "https://example.com/", tags: ["a", "b"], maxClicks: 5, redirectType: 307, scheduledStartAt: "2026-03-29T00:30:00.000Z" });
    expect(body.routingRules?.map((rule) => [rule.priority, rule.destinationUrl, rule.conditions])).toEqual([
      [10, "https://a.example/", { sourceIn: ["email"] }],
      [20, "https://b.example/", { deviceIn: ["MOBILE"] }],
    ]);
    expect("password" in body).toBe(false);
  });
});

describe("stale figures", () => {
  const [now, lastUpdatedAt] = [Date.parse("2026-11-23T15:00:00Z"), "2026-11-23T13:00:00Z"];
  const of = (parts: object) => staleness({ status: "STALE", slaMinutes: 60, lastUpdatedAt, ...parts }, now);
  it("say when something was counted last where nothing waits", () => expect(of({ waitingSince: null })).toBe("Stale: last counted 2 hr. ago"));
  it("say that counting is behind where something waits", () => expect(of({ waitingSince: lastUpdatedAt })).toBe("Stale: counting is behind"));
  it("are none while they are fresh", () => expect([of({ status: "FRESH" }), of({ status: "UNKNOWN" })]).toEqual([null, null]));
});

describe("faults", () => {
  const faults = [{ field: "routingRules[1].destinationUrl", message: "bad" }, { field: "routingRules[10].priority", message: "b" }, { field: "x", message: "c" }];
  it("find their rule", () => expect(faultsBelow(faults, "routingRules[1]")).toEqual([{ field: "destinationUrl", message: "bad" }]));
  it("without a field are shown above", () => expect(unplaced(faults, ["routingRules"])).toEqual([{ field: "x", message: "c" }]));
});

describe("roles", () => {
  it("reach what the contract gives them", () => {
    expect([may("CREATOR", "tokens"), may("OPERATOR", "tokens"), may("OPERATOR", "transfer"), may("OWNER", "transfer"), may(undefined, "audit")])
      .toEqual([false, true, false, true, false]);
  });
});
