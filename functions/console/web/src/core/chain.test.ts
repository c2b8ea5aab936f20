import { describe, expect, it } from "vitest";
import { actionText, byTrigger, conditionText, takes, taker, whenText, type ChainRule, type Condition, type When } from "./chain";
import { conflicting } from "./chainConflict";
import { bodyJson, chainFaults, chainForm, formOfJson, newChainForm, ruleJson } from "./chainForm";
import { parseExact, writeExact } from "./decimal";
import { readJson } from "./jsonText";

const pick = <T>(all: readonly T[]): T => all[Math.floor(Math.random() * all.length)] as T;
const some = <T>(make: () => T, most: number): T[] => Array.from({ length: Math.floor(Math.random() * (most + 1)) }, make);
const maybe = (parts: object): object => (Math.random() < 0.5 ? parts : {});

const condition = (): Condition =>
  (Math.random() < 0.3
    ? { segmentIn: [pick(["new", "vip"]), ...some(() => "b2b", 1)] }
    : {
        signalKey: pick(["view", "cart"]),
        ...maybe({ signalValueIn: [pick(["a", "B"]), ...some(() => "c", 1)] }),
        ...maybe({ minCount: pick([1, 2, 3]) }), ...maybe({ withinSeconds: pick([1, 90, 3_600, 86_400]) }), ...maybe({ minConfidence: pick([0.5, 0.7]) }),
      }) as Condition;
const when = (): When => ({ all: some(condition, 2), any: some(condition, 2), none: some(condition, 2) });
const rule = (parts: Partial<ChainRule>): ChainRule =>
  ({ ruleId: "r", trigger: "checkout", priority: 10, enabled: true, when: {}, action: { type: "banner" }, ttlSeconds: 300, ...parts }) as ChainRule;

describe("chain rules", () => {
  it("are sentences", () => {
    expect(whenText({})).toBe("Always");
    expect(conditionText({ signalKey: "view", minCount: 2, withinSeconds: 5_400, signalValueIn: ["a", "b"], minConfidence: 0.7 }))
      .toBe("there are at least 2 signals view with the value “a” or “b” of confidence 0.7 or more within 90 minutes");
    expect(whenText({ all: [{ segmentIn: ["new"] }], any: [{ signalKey: "a" }, { signalKey: "b" }], none: [{ signalKey: "purchase" }, { signalKey: "view", minCount: 3 }] }))
      .toBe("If the segment is “new”, either there is a signal a, or there is a signal b, there is no signal purchase, and there are fewer than 3 signals view");
    expect(actionText({ type: "cta", label: "Use it" })).toBe("shows the call to action “Use it”");
  });
  it("are grouped by trigger in the order of evaluation", () => {
    const rules = [rule({ ruleId: "b", priority: 10 }), rule({ ruleId: "a", priority: 10 }), rule({ ruleId: "c", priority: 1 }), rule({ ruleId: "d", trigger: "a" })];
    expect(byTrigger(rules).map(([trigger, list]) => [trigger, list.map(({ ruleId }) => ruleId)])).toEqual([["a", ["d"]], ["checkout", ["c", "a", "b"]]]);
    expect(taker([rule({ ruleId: "first", when: { all: [{ signalKey: "view" }] } }), rule({ when: { all: [{ signalKey: "view", minCount: 3 }] } })], 1)?.ruleId).toBe("first");
  });
  it("take only sessions that they match: against a model of sessions", () => {
    type Sent = { key: string; value: string; ago: number; confidence: number };
    const session = () => ({ segments: some(() => pick(["new", "vip", "b2b"]), 2), signals: some((): Sent => ({ key: pick(["view", "cart"]), value: pick(["A", "b", "c"]), ago: pick([0, 60, 2_000, 50_000]), confidence: pick([0.4, 0.6, 1]) }), 4) });
    const holds = (one: Condition, { segments, signals }: ReturnType<typeof session>): boolean =>
      "segmentIn" in one
        ? segments.some((segment) => one.segmentIn.includes(segment))
        : signals.filter(({ key, value, ago, confidence }) =>
            key === one.signalKey && (!one.signalValueIn?.length || one.signalValueIn.some((wanted) => wanted.toLowerCase() === value.toLowerCase())) &&
            ago < (one.withinSeconds ?? Infinity) && confidence >= (one.minConfidence ?? 0)).length >= (one.minCount ?? 1);
    const matches = ({ all = [], any = [], none = [] }: When, of: ReturnType<typeof session>): boolean =>
      all.every((one) => holds(one, of)) && (!any.length || any.some((one) => holds(one, of))) && !none.some((one) => holds(one, of));
    let found = 0;
    for (let i = 0; i < 3_000; i++) {
      const [wide, narrow] = [when(), when()];
      if (Math.random() < 0.5) Object.assign(narrow, { all: [...(wide.all ?? []), ...(narrow.all ?? [])], any: wide.any, none: [...(wide.none ?? []), ...(narrow.none ?? [])] });
      if (!takes(wide, narrow)) continue;
      found += 1;
      for (let n = 0; n < 20; n++) {
        const of = session();
        if (matches(narrow, of)) expect(matches(wide, of), JSON.stringify([wide, narrow, of])).toBe(true);
      }
    }
    expect(found).toBeGreaterThan(100);
  });
});

describe("a chain rule as a form and as JSON", () => {
  it("is the same both ways, for any rule", () => {
    for (let i = 0; i < 200; i++) {
      const groups = Object.fromEntries(Object.entries(when()).filter(([, list]) => list.length > 0));
      const action = { type: pick(["banner", "redirect"]), ...maybe({ destinationUrl: "https://example.com/" }), ...maybe({ title: "a, \"b\"" }), ...maybe({ data: { value: 10, list: [1.5, null, "x"] } }) };
      const body = { trigger: "checkout", priority: 7, ttlSeconds: 0, enabled: pick([true, false]), when: groups, action };
      const { form, faults } = formOfJson("r", readOf(JSON.stringify(body)));
      expect(faults).toEqual([]);
      expect(JSON.parse(bodyJson(form))).toEqual(body);
    }
  });
  it("says where JSON is wrong, by line and column or by path", () => {
    expect(readJson('{\n  "trigger": "x",\n  "action" {}\n}')).toMatchObject({ fault: { line: 3, column: 12 } });
    expect(readJson("")).toMatchObject({ fault: { line: 1, column: 1 } });
    expect(readJson('{"a": 1')).toMatchObject({ fault: { line: 1, column: 8 } });
    const wrong = { trigger: 1, when: { all: [{ signalKey: "a", minCount: "2", extra: 1 }, 5], some: [] }, action: { type: "dance" } };
    expect(formOfJson("r", readOf(JSON.stringify(wrong))).faults.map(({ field }) => field))
      .toEqual(["when.some", "trigger", "when.all[0].extra", "when.all[0].minCount", "when.all[1]", "action.type"]);
    expect(formOfJson("r", readOf("[]")).faults[0]?.message).toBe("Has to be an object.");
  });
  it("keeps the numbers of its data to the digit", () => {
    const text = '{"ruleId":"r","trigger":"x","priority":1,"enabled":true,"when":{},"action":{"type":"banner","data":{"value":10,"EUR":1.10,"big":12345678901234567890}},"ttlSeconds":5}';
    const read = parseExact(text) as ChainRule;
    expect(writeExact(read)).toBe(text);
    expect(bodyJson(chainForm(read))).toContain('"big": 12345678901234567890');
    expect(bodyJson(chainForm(read))).toContain('"EUR": 1.10');
    expect(JSON.parse(bodyJson(chainForm(read)))).toEqual(JSON.parse(ruleJson(read)));
  });
  it("names data that is no object", () => {
    const form = newChainForm("x", []);
    expect(chainFaults({ ...form, action: { ...form.action, data: "[1]" } })).toEqual([{ field: "action.data", message: "Has to be an object." }]);
    expect(chainFaults({ ...form, action: { ...form.action, data: "{" } })[0]?.message).toMatch(/^Line 1, column 2/);
  });
  it("is merged with what others changed", () => {
    const base = rule({ when: { all: [{ signalKey: "view", minCount: 1 }] }, action: { type: "banner", title: "Old" } });
    const mine = { ...chainForm(base), priority: "20" };
    const found = conflicting(ruleJson(base), mine, ruleJson({ ...base, action: { type: "popup", title: "New" } }));
    expect([found.merged.priority, found.merged.action.type, found.both]).toEqual(["20", "popup", []]);
    expect(found.theirs.map(({ field }) => field)).toEqual(["action.type", "action.title"]);
    const both = conflicting(ruleJson(base), mine, ruleJson({ ...base, priority: 30 }));
    expect([both.merged.priority, both.both]).toEqual(["20", [{ field: "priority", before: 30, after: 20 }]]);
  });
});

const readOf = (text: string): unknown => {
  const read = readJson(text);
  return "value" in read ? read.value : null;
};
