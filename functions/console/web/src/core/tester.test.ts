import { describe, expect, it } from "vitest";
import type { ChainRule } from "./chain";
import { whyOf, type Session } from "./sessions";
import { actualText, compareAll, expectedText, freshSignal, invented, previewBody, triggersOf, withDrafts, type Envelope } from "./tester";
import { agoAt, agoText, MARKS, MAX_AGO, placeOf, stepped, toMark } from "./timeline";

const AT = Date.parse("2026-11-22T10:00:00Z");

describe("a time line", () => {
  it("places moments in order, and each step is found again where it is placed", () => {
    let before = 2;
    for (let ago = 0, steps = 0; ago < MAX_AGO; ago = stepped(ago, "earlier"), steps++) {
      expect(placeOf(ago)).toBeLessThan(before);
      before = placeOf(ago);
      expect(agoAt(placeOf(ago))).toBe(ago);
      expect(steps).toBeLessThan(500);
    }
    expect([agoAt(-1), agoAt(0), agoAt(1), agoAt(2)]).toEqual([MAX_AGO, MAX_AGO, 0, 0]);
  });
  it("is walked back the way it was walked", () => {
    const there = [0];
    while ((there.at(-1) ?? 0) < MAX_AGO) there.push(stepped(there.at(-1) ?? 0, "earlier"));
    const back = [MAX_AGO];
    while ((back.at(-1) ?? 0) > 0) back.push(stepped(back.at(-1) ?? 0, "later"));
    expect(back.reverse()).toEqual(there);
    for (const { ago } of MARKS) expect(there).toContain(Math.min(ago, MAX_AGO));
  });
  it("goes from mark to mark, as a drag to the mark does", () => {
    let ago = 0;
    for (const mark of MARKS.slice(1)) {
      ago = toMark(ago, "earlier");
      expect(ago).toBe(Math.min(mark.ago, MAX_AGO));
      expect(agoAt(placeOf(mark.ago))).toBe(ago);
    }
    expect(toMark(3_700, "later")).toBe(3_600);
    expect([agoText(0), agoText(95), agoText(86_400), agoText(MAX_AGO)]).toEqual(["at the decision", "1 min 35 s before", "1 d before", "almost 30 d before"]);
  });
});

describe("a question", () => {
  const rules = [{ ruleId: "a", trigger: "checkout", priority: 1, enabled: true, when: {}, action: { type: "none" }, ttlSeconds: 1 }] as ChainRule[];
  it("has the signals at their moments, and leaves out what is not typed", () => {
    const signals = [{ ...freshSignal([]), ago: 60 }, { id: "s1", key: "intent ", value: "x", confidence: "0.7", ago: 0 }];
    expect(previewBody(["checkout"], "", { signals, at: AT }, null)).toEqual({
      triggers: ["checkout"], at: "2026-11-22T10:00:00.000Z",
      signals: [{ signalKey: "view", occurredAt: "2026-11-22T09:59:00.000Z" }, { signalKey: "intent", signalValue: "x", confidence: 0.7, occurredAt: "2026-11-22T10:00:00.000Z" }],
    });
    expect(previewBody([], "s", { signals, at: AT }, null)).toBeNull();
  });
  it("asks by drafts in the place of the saved rules of their name", () => {
    const draft = { ruleId: "a", trigger: "exit", action: { type: "banner" as const } };
    expect(withDrafts(rules, [draft, { ...draft, ruleId: "b" }]).map(({ ruleId, trigger }) => [ruleId, trigger])).toEqual([["a", "exit"], ["b", "exit"]]);
  });
  it("names the triggers of the address, or those of the rules", () => {
    expect([triggersOf(null, rules), triggersOf("b,a,b,<x>", rules), triggersOf(",", rules)]).toEqual([["checkout"], ["a", "b"], []]);
    expect(triggersOf(Array.from({ length: 30 }, (_, index) => `t${index}`).join(), rules)).toHaveLength(20);
  });
  it("takes a session's signals over as they were", () => {
    const signals = [{ signalKey: "view", confidence: 1, occurredAt: "2026-11-22T09:00:00Z" }, { signalKey: "intent", signalValue: "v", confidence: 0.4, occurredAt: "2026-11-22T11:00:00Z" }];
    expect(invented(signals, AT).map(({ key, value, confidence, ago }) => [key, value, confidence, ago])).toEqual([["view", "", "", 3_600], ["intent", "v", "0.4", 0]]);
  });
});

describe("an answer", () => {
  it("says what was expected and what there is", () => {
    expect([expectedText({ signalKey: "view", minCount: 2 }), actualText({ count: 1 })]).toEqual(["there are at least 2 signals view", "1 signal"]);
    expect([expectedText({ not: { segmentIn: ["new"] } }), actualText(["new"])]).toEqual(["the segment is not “new”", "the segments new"]);
    expect([expectedText({ any: [{ signalKey: "a" }, { segmentIn: ["b"] }] }), actualText([{ count: 0 }, ["new"]])]).toEqual(["there is a signal a, or the segment is “b”", "0 signals; the segments new"]);
  });
  it("is the same as another but for its moment", () => {
    const one = (parts: object): Envelope => ({ decisionId: "dec_01KK1G9NG029X82C88RNCSF0GX", decidedAt: "a", matched: true, ...parts }) as unknown as Envelope;
    const later = one({ decisionId: "dec_01ZZZZZZZZ29X82C88RNCSF0GX", decidedAt: "b" });
    expect(compareAll(["x"], [{ x: one({}) }, { x: later }])).toEqual([{ trigger: "x", same: true }]);
    expect(compareAll(["x"], [{ x: one({}) }, { x: one({ matched: false }) }])).toEqual([{ trigger: "x", same: false }]);
    expect(compareAll(["x"], [{ x: one({}) }, {}])).toEqual([{ trigger: "x", same: false }]);
  });
});

describe("a session", () => {
  const signal = (signalKey: string, parts: object = {}) => ({ signalKey, confidence: 1, occurredAt: "2026-11-20T10:00:00Z", ...parts });
  const of = (...signals: ReturnType<typeof signal>[]): Pick<Session, "signals"> => ({ signals });
  it("says why it has each segment", () => {
    expect(whyOf("vip", of(signal("segment", { signalValue: "VIP", source: "crm" })))).toBe("Assigned by a signal segment from “crm”.");
    expect(whyOf("engaged_prospect", of(signal("intent", { confidence: 0.8 })))).toBe("Because an intent has confidence 0.8; 0.7 suffices.");
    expect(whyOf("engaged_prospect", of(...Array.from({ length: 6 }, () => signal("view"))))).toBe("Because it has 6 signals; 5 suffice.");
    expect(whyOf("returning", of(signal("a"), signal("a", { occurredAt: "2026-11-21T00:00:00Z" })))).toBe("Its signals are of 2 UTC days: 20 Nov and 21 Nov.");
    expect([whyOf("new", of(signal("a"))), whyOf("new", of())]).toEqual(["All its signals are of one UTC day, 20 Nov.", "It has no signals."]);
  });
});
