import { describe, expect, it } from "vitest";
import { countryCode } from "./countries";
import { differences, merge } from "./diff";
import type { Conditions } from "./linkForm";
import { matrixCountries, matrixVisits, NO_VISITOR, visitOf } from "./preview";
import { covers, hint, moved, sentence } from "./rules";

const conditions = (parts: Record<string, unknown>): Conditions => parts as Conditions;
const rules = (...list: Record<string, unknown>[]) => list.map((parts) => ({ conditions: conditions(parts) }));

describe("countries", () => {
  it("are known by their names and by two letters", () => {
    expect(["Germany", "germany ", "DE", "de", "Côte d’Ivoire", "cote d’ivoire", "United Kingdom", "UK"].map(countryCode)).toEqual(["DE", "DE", "DE", "DE", "CI", "CI", "GB", "UK"]);
    expect(["", "Ger", "Deutschland über", "D1"].map(countryCode)).toEqual([null, null, null, null]);
  });
});

describe("rules", () => {
  it("are sentences", () => {
    expect(sentence({})).toBe("Everyone");
    expect(sentence(conditions({ countryIn: ["DE", "AT"], deviceIn: ["MOBILE"], percent: { from: 0, to: 50 } })))
      .toBe("If the country is Germany or Austria, the device is mobile, and the visitor is among 0 to 50 % of all");
  });
  it("that none reaches are named", () => {
    const list = rules({ countryIn: ["DE", "AT"] }, { countryIn: ["de"], deviceIn: ["MOBILE"] }, { deviceIn: ["MOBILE"] }, {}, { sourceIn: ["email"] });
    expect(list.map((_, index) => hint(list, index)?.kind ?? null)).toEqual([null, "unreachable", "overlap", "everyone", "unreachable"]);
    expect(hint(list, 4)?.text).toContain("rule 4");
  });
  it("of other visitors say nothing", () => {
    const list = rules({ countryIn: ["DE"] }, { countryIn: ["US"] }, { percent: { from: 0, to: 50 }, countryIn: ["FR"] }, { percent: { from: 50, to: 100 }, countryIn: ["FR"] });
    expect(list.map((_, index) => hint(list, index))).toEqual([null, null, null, null]);
  });
  it("cover by language range, share and the same hours only", () => {
    expect(covers(conditions({ languageIn: ["de"] }), conditions({ languageIn: ["de-AT", "de"] }))).toBe(true);
    expect(covers(conditions({ languageIn: ["de-AT"] }), conditions({ languageIn: ["de"] }))).toBe(false);
    expect(covers(conditions({ percent: { from: 0, to: 60 } }), conditions({ percent: { from: 10, to: 60 } }))).toBe(true);
    const [hours, inBerlin] = [{ from: "09:00", to: "17:00" }, { from: "09:00", to: "17:00", timeZone: "Europe/Berlin" }];
    expect(covers(conditions({ timeBetween: hours }), conditions({ timeBetween: inBerlin }))).toBe(false);
    expect(covers(conditions({ weekdayIn: ["MON"] }), conditions({ weekdayIn: ["MON"], timeBetween: inBerlin }))).toBe(false);
  });
  it("cover only whom they match: against a model of every visitor", () => {
    const countries = ["DE", "US", "FR"];
    const devices = ["MOBILE", "DESKTOP"];
    const pick = (all: string[]): string[] => all.filter(() => Math.random() < 0.5);
    const matches = (rule: Conditions, country: string, device: string, percent: number): boolean =>
      (!rule.countryIn?.length || rule.countryIn.includes(country)) && (!rule.deviceIn?.length || rule.deviceIn.includes(device)) &&
      (!rule.percent || (percent >= rule.percent.from && percent < rule.percent.to));
    const random = (): Conditions => {
      const from = Math.floor(Math.random() * 4) * 20;
      const percent = Math.random() < 0.5 ? { percent: { from, to: from + 20 + Math.floor(Math.random() * 2) * 20 } } : {};
      return conditions({ countryIn: pick(countries), deviceIn: pick(devices), ...percent });
    };
    let found = 0;
    for (let i = 0; i < 3000; i++) {
      const [wide, narrow] = [random(), random()];
      if (!covers(wide, narrow)) continue;
      found += 1;
      for (const country of countries) for (const device of devices) for (let at = 0; at < 120; at += 10) {
        if (matches(narrow, country, device, at)) expect(matches(wide, country, device, at)).toBe(true);
      }
    }
    expect(found).toBeGreaterThan(100);
  });
  it("move as one drags them", () => {
    expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
    expect(moved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
    expect(moved(["a"], 0, 9)).toEqual(["a"]);
  });
});

describe("the matrix", () => {
  it("asks for the rules' countries first, in twelve visits", () => {
    const countries = matrixCountries(rules({ countryIn: ["de", "AT"] }, { countryIn: ["DE", "SG", "FR"] }));
    expect(countries).toEqual(["DE", "AT", "SG", "US"]);
    expect(matrixVisits({ source: "email" }, countries)).toHaveLength(12);
    expect(matrixVisits({ source: "email" }, countries)[1]).toEqual({ source: "email", country: "DE", device: "TABLET" });
  });
  it("leaves out what is not filled in", () => expect(visitOf({ ...NO_VISITOR, source: " ad ", segments: "new, , vip" }, null)).toEqual({ source: "ad", segments: ["new", "vip"] }));
});

describe("versions", () => {
  it("differ by field", () => {
    expect(differences({ a: 1, b: { c: 1, d: 2 }, e: null, v: 1 }, { a: 1, b: { c: 3, d: 2 }, f: [1], v: 2 }, ["v"]))
      .toEqual([{ field: "b.c", before: 1, after: 3 }, { field: "f", before: null, after: [1] }]);
  });
  it("are merged, and nothing is lost silently", () => {
    const base = { title: "a", tags: ["x"], note: "n" };
    const { merged, conflicts } = merge(base, { title: "mine", tags: ["x"], note: "n" }, { title: "a", tags: ["x", "y"], note: "n" });
    expect([merged, conflicts]).toEqual([{ title: "mine", tags: ["x", "y"], note: "n" }, []]);
    const both = merge(base, { ...base, title: "mine" }, { ...base, title: "theirs" });
    expect([both.merged.title, both.conflicts]).toEqual(["mine", [{ field: "title", before: "theirs", after: "mine" }]]);
  });
});
