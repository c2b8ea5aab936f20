import { describe, expect, it } from "vitest";
import { batches, outcomeOf, parseLines, rowFault, unsent, type BulkRow } from "./bulk";
import { clickFilter, clicksQuery, daysAfter, hourName, ruleWords, toClick } from "./clicks";
import { hourDays, hours, hoursSummary } from "./hours";
import { level } from "./numbers";
import { NO_VISITOR } from "./preview";
import { toggled } from "./query";
import { sparkLine } from "./spark";
import { isKnown, MAX_VISITORS, sameVisitor, visitorsOf, withVisitor, type SavedVisitor } from "./visitors";

const of = (text: string): URLSearchParams => new URLSearchParams(text);
const RANGE = { from: "2026-11-01", to: "2026-11-22" };
const NOW = Date.parse("2026-11-22T10:30:00Z");

describe("clicks", () => {
  it("are those of the days, of one hour, or up to an instant", () => {
    const asked = (text: string) => clicksQuery(clickFilter(of(text)), RANGE);
    expect(asked("")).toEqual({ limit: 50, since: "2026-11-01T00:00:00.000Z", until: "2026-11-22T23:59:59.999Z" });
    expect(asked("hour=2026-11-14T09&slug=boots&verdict=bot")).toEqual({ limit: 50, since: "2026-11-14T09:00:00.000Z", until: "2026-11-14T09:59:59.999Z", slug: "boots", verdict: "bot" });
    expect(asked("at=2026-11-14T09:01:02.345Z&campaign=alpha")).toEqual({ limit: 50, until: "2026-11-14T09:01:02.345Z", campaignId: "alpha" });
  });
  it("leave out what an address has wrong", () => {
    for (const wrong of ["hour=2026-11-14T24", "hour=2026-02-30T10", "hour=x", "at=yesterday", "verdict=robot"]) {
      expect(clickFilter(of(wrong))).toEqual({ slug: null, campaignId: null, verdict: null, hour: null, at: null });
    }
  });
  it("are found again by the address that leads to them", () => {
    const click = { slug: "boots", clickId: "clk_1", clickedAt: "2026-11-14T09:01:02.345Z" } as Parameters<typeof toClick>[0];
    const query = of(toClick(click));
    expect(clickFilter(query)).toMatchObject({ slug: "boots", at: click.clickedAt });
    expect(query.get("click")).toBe("clk_1");
  });
  it("name the rule that decided", () => {
    expect([null, "r0", "r11", "p:summer", "p:r0", "x"].map(ruleWords)).toEqual(["Destination", "Rule 1", "Rule 12", "Handle rule summer", "Handle rule r0", "Destination"]);
  });
  it("have conversions from their day on, never after today", () => {
    expect(daysAfter({ clickedAt: "2026-11-14T09:01:02.345Z" }, NOW)).toEqual({ from: "2026-11-14", to: "2026-11-22" });
    expect(daysAfter({ clickedAt: "2026-01-31T23:59:59.999Z" }, NOW)).toEqual({ from: "2026-01-31", to: "2026-03-02" });
  });
});

describe("hours", () => {
  it("are those of the last seven days of a range", () => {
    expect(hourDays(RANGE)).toEqual({ from: "2026-11-16", to: "2026-11-22" });
    expect(hourDays({ from: "2026-11-21", to: "2026-11-22" })).toEqual({ from: "2026-11-21", to: "2026-11-22" });
  });
  it("without clicks are zero, and those to come are not counted", () => {
    const row = { key: "2026-11-22T09", clicks: 5, qualifiedClicks: 3, botClicks: 2, conversions: 1 } as Parameters<typeof hours>[1][number];
    const all = hours({ from: "2026-11-21", to: "2026-11-22" }, [row], NOW);
    expect(all).toHaveLength(48);
    expect(all.filter(({ future }) => future)).toHaveLength(13);
    expect(all.reduce((sum, { people }) => sum + people, 0)).toBe(3);
    expect(hoursSummary(all)).toBe("2 days, 3 clicks of people; most on Sun, 22 Nov 2026, 09:00 to 10:00 UTC with 3; none in 34 of 35 hours.");
    expect(hoursSummary(hours({ from: "2026-11-22", to: "2026-11-22" }, [], NOW))).toBe("1 day, 0 clicks of people; none in 11 of 11 hours.");
    expect(hourName("2026-11-22T23")).toMatch(/23:00 to 24:00 UTC$/);
  });
  it("have five levels: the largest the last, anything at least the first", () => {
    expect([0, 1, 20, 50, 100].map((value) => level(value, 100))).toEqual([0, 1, 1, 3, 5]);
    for (let most = 1; most < 300; most++) expect([level(1, most) >= 1, level(most, most)]).toEqual([true, most < 5 ? level(most, most) : 5]);
  });
});

describe("a filter", () => {
  it("is removed by pressing its value again, and replaced by another", () => {
    expect(toggled(of("slug=a&range=7d"), "slug", "a").toString()).toBe("range=7d");
    expect(toggled(of("slug=a"), "slug", "b").toString()).toBe("slug=b");
  });
});

describe("a line of days", () => {
  it("stays in its box, whatever the values", () => {
    for (const values of [[], [0], [5], [0, 0], [1, 9, 3], [-2, 4]]) {
      const numbers = [...sparkLine(values, 100, 40).matchAll(/(?<=[ML]\S+ )-?[\d.]+/g)].map(([text]) => Number(text));
      expect(numbers.every((y) => y >= 0 && y <= 40)).toBe(true);
    }
    expect(sparkLine([1, 2], 100, 40)).toBe("M0.0 20.0L100.0 1.0");
  });
});

describe("pasted lines", () => {
  const slugs = ["rand-1", "rand-2"];
  const rows = (text: string): BulkRow[] => {
    let next = 0;
    return parseLines(text, () => slugs[next++] ?? "rand-n");
  };
  it("are a destination, or a slug and a destination", () => {
    expect(rows("https://a.example/\r\n\n  spring\thttps://b.example/x,y \nautumn;https://c.example/\nnew-one, https://d.example/").map(({ line, slug, destination, random }) => [line, slug, destination, random])).toEqual([
      [1, "rand-1", "https://a.example/", true],
      [3, "spring", "https://b.example/x,y", false],
      [4, "autumn", "https://c.example/", false],
      [5, "new-one", "https://d.example/", false],
    ]);
  });
  it("are faulty by their slug, a slug that is there twice, or their destination", () => {
    const all = rows("abc https://a.example/\nsame https://b.example/\nsame https://c.example/\nplain example.com\nhttps://d.example/ and more\ngood https://e.example/");
    expect(all.map((row) => rowFault(row, all)?.field ?? null)).toEqual(["slug", "slug", "slug", "destination", "destination", null]);
  });
  it("are sent whole and in order, at most a hundred and 60,000 bytes at a time", () => {
    for (let i = 0; i < 50; i++) {
      const many = Array.from({ length: Math.floor(Math.random() * 400) }, (_, n) => `slug-${n} https://x.example/${"ü".repeat(Math.floor(Math.random() * 900))}`).join("\n");
      const all = rows(many);
      const groups = batches(all, { tags: ["a"] });
      expect(groups.flatMap((group) => group.rows)).toEqual(all);
      for (const { rows: group, body } of groups) {
        expect(group.length).toBeLessThanOrEqual(100);
        expect(body.links).toHaveLength(group.length);
        expect(new TextEncoder().encode(JSON.stringify(body)).length).toBeLessThanOrEqual(65_536);
      }
    }
    expect(batches([])).toEqual([]);
  });
  it("end as a link or with the reason for which they were refused; those can be sent again", () => {
    const link = { shortUrl: "https://acme.example/abcd" };
    const created = outcomeOf({ status: 201, link } as Parameters<typeof outcomeOf>[0]);
    expect(created).toEqual({ kind: "created", shortUrl: link.shortUrl });
    expect(outcomeOf({ status: 200, link } as Parameters<typeof outcomeOf>[0]).kind).toBe("replaced");
    const failed = outcomeOf({ status: 400, error: { error: "invalid_payload", message: "Bad.", requestId: "r", fields: [{ field: "destinationUrl", message: "names no host" }] } } as Parameters<typeof outcomeOf>[0]);
    expect(failed).toEqual({ kind: "failed", message: "destinationUrl: names no host" });
    const all = rows("one1 https://a.example/\ntwo2 https://b.example/").map((row, index) => ({ ...row, outcome: index ? failed : created }));
    expect(unsent(all).map(({ slug }) => slug)).toEqual(["two2"]);
  });
});

describe("saved visitors", () => {
  const visitor = { ...NO_VISITOR, country: "DE", device: "MOBILE" };
  it("come back as they were kept", () => {
    const all = withVisitor([], { name: "Berlin", visitor });
    expect(visitorsOf(JSON.stringify(all))).toEqual(all);
    expect(sameVisitor(visitor, { ...visitor })).toBe(true);
    expect([isKnown(NO_VISITOR), isKnown(visitor)]).toEqual([false, true]);
  });
  it("of the same name are replaced, and the oldest make room", () => {
    let all: SavedVisitor[] = [];
    for (let n = 0; n < MAX_VISITORS + 5; n++) all = withVisitor(all, { name: `v${n}`, visitor });
    expect([all.length, all[0]?.name]).toEqual([MAX_VISITORS, "v5"]);
    expect(withVisitor(all, { name: "v9", visitor: NO_VISITOR }).at(-1)).toEqual({ name: "v9", visitor: NO_VISITOR });
  });
  it("that this browser keeps wrong are left out", () => {
    for (const wrong of [null, "", "{", "{}", "[1,null]", '[{"name":1,"visitor":{}}]', '[{"name":"a","visitor":null}]']) expect(visitorsOf(wrong)).toEqual([]);
    expect(visitorsOf('[{"name":"a","visitor":{"country":5,"token":"x"}}]')).toEqual([{ name: "a", visitor: NO_VISITOR }]);
  });
});
