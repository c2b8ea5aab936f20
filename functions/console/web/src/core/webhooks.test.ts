import { describe, expect, it } from "vitest";
import { exactJson, parseExact, prettyJson } from "./decimal";
import { axis, countdown, dots, dotWords, duration, eventOfConversion, outcomeOf, subjectOf, WAITS, type Attempt, type Delivery, type Status } from "./deliveries";
import { filterOf, filterText, listQuery } from "./deliveryFilter";
import { campaignNotes, isUnread, look, lookOf, notes, ordered, quotaNotes } from "./notes";
import { A_CALL, Counter, momentOf, type Choice } from "./replay";
import { bars, lastDays, lastHours, line, slowest, summary, type Hour } from "./webhookStats";
import { graces, webhookBody, webhookChange, webhookForm, type Webhook } from "./webhooks";

const NOW = Date.parse("2026-11-22T10:00:00Z");
const at = (ms: number): string => new Date(NOW + ms).toISOString();

const attempt = (n: number, startedMs: number, statusCode: number | null, durationMs = 40): Attempt => ({
  n, startedAt: at(startedMs), durationMs, outcome: statusCode === null ? "connect" : `http_${statusCode}`, statusCode,
});

const delivery = (status: Status, attempts: Attempt[], nextMs: number | null = null): Delivery => ({
  deliveryId: "dlv_1", eventId: "evt_1", eventType: "conversion.recorded", subscriptionId: "whs_1", status, trigger: "AUTO", createdAt: at(0), attempts,
  nextAttemptAt: nextMs === null ? null : at(nextMs),
});

/** An id of the moment. */
function idAt(ms: number, n: number): string {
  const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  let text = "";
  for (let rest = ms, place = 0; place < 10; place++, rest = Math.floor(rest / 32)) text = alphabet[rest % 32] + text;
  return `dlv_${text}${String(n).padStart(16, "0")}`;
}

describe("attempts", () => {
  it("are dots, with those that may follow while it goes on", () => {
    const twice = [attempt(1, 0, 500), attempt(2, 5_040, null)];
    expect(dots(delivery("SCHEDULED", twice, 15_000))).toEqual(["bad", "bad", "next", "open", "open", "open"]);
    expect(dots(delivery("IN_FLIGHT", twice))).toEqual(["bad", "bad", "now", "open", "open", "open"]);
    expect(dots(delivery("DELIVERED", [...twice, attempt(3, 15_080, 204)]))).toEqual(["bad", "bad", "good"]);
    expect(dots(delivery("PENDING", []))).toEqual(["next", "open", "open", "open", "open", "open"]);
    expect(dots(delivery("EXHAUSTED", Array.from({ length: 6 }, (_, n) => attempt(n + 1, n, 500))))).toEqual(Array(6).fill("bad"));
    expect(dotWords(delivery("SCHEDULED", twice))).toBe("2 of 6 attempts made, the last one failed");
    expect(dotWords(delivery("DELIVERED", [attempt(1, 0, 200)]))).toBe("1 attempt, the last one succeeded");
    expect(dotWords(delivery("PENDING", []))).toBe("No attempt yet");
  });
  it("stand on an axis with their waits, and the last planned one is where six attempts end", () => {
    const twice = delivery("SCHEDULED", [attempt(1, 0, 500, 100), attempt(2, 5_100, 503, 100)], 15_200);
    const found = axis(twice);
    expect(found.bars.map(({ waited, good }) => [waited, good])).toEqual([[null, false], [5_000, false]]);
    expect(found.planned.map((planned) => planned - NOW)).toEqual([35_200, 75_200, 155_200]);
    expect([found.start, found.length, found.next]).toEqual([NOW, 155_200, NOW + 15_200]);
    const first = axis(delivery("PENDING", [], 0));
    expect(first.planned).toHaveLength(WAITS.length);
    expect(axis(delivery("EXHAUSTED", [attempt(1, 0, 410)]))).toMatchObject({ planned: [], next: null });
  });
  it("say what happened and what to do", () => {
    expect(outcomeOf(attempt(1, 0, 204))).toEqual({ name: "Answered 204", todo: null });
    for (const [code, words] of [[301, "Redirects"], [401, "secret"], [404, "path"], [410, "gone"], [429, "limit"], [500, "log"], [418, "answer"]] as const) {
      expect(outcomeOf(attempt(1, 0, code)).todo).toContain(words);
    }
    for (const outcome of ["timeout", "dns", "connect", "tls", "blocked_address", "disconnected", "bad_response", "no_secret"]) {
      const { name, todo } = outcomeOf({ outcome });
      expect(name).not.toBe(outcome);
      expect(todo).toMatch(/\.$/);
    }
    expect(outcomeOf({ outcome: "of_a_later_version" })).toEqual({ name: "of_a_later_version", todo: null });
  });
});

describe("time", () => {
  it("counts down to now", () => {
    expect([7_001, 60_000, 80_000, 23 * 3_600_000 + 240_000, 72 * 3_600_000, 0, -5].map((ms) => countdown(NOW + ms, NOW)))
      .toEqual(["in 8 s", "in 1 min 0 s", "in 1 min 20 s", "in 23 h 4 min", "in 3 days", "now", "now"]);
    expect([3, 999.6, 1_234, 59_999, 80_000].map(duration)).toEqual(["3 ms", "1000 ms", "1.2 s", "60 s", "1 min 20 s"]);
  });
  it("is in the ids", () => {
    expect(momentOf("evt_01ARZ3NDEKTSV4RRFFQ69G5FAV")).toBe(1469922850259);
  });
});

describe("the log", () => {
  it("is filtered by what the address says, and comes back from it", () => {
    const text = "?endpoint=whs_1&status=EXHAUSTED&type=link.clicked&event=evt_2&time=24h";
    const filter = filterOf(new URLSearchParams(text));
    expect(filterText(filter)).toBe(text);
    expect(listQuery(filter, NOW)).toEqual({ limit: 50, subscriptionId: "whs_1", status: "EXHAUSTED", eventType: "link.clicked", eventId: "evt_2", since: "2026-11-21T10:00:00.000Z" });
    expect(filterText(filterOf(new URLSearchParams("status=x&type=y&time=z&since=never")))).toBe("");
  });
  it("asks the same for a while, so that its poll is one question", () => {
    const filter = filterOf(new URLSearchParams("time=1h"));
    expect(listQuery(filter, NOW + 59_000)).toEqual(listQuery(filter, NOW));
  });
});

describe("messages", () => {
  it("lead to what they report", () => {
    expect(eventOfConversion("cnv_01ARZ3NDEKTSV4RRFFQ69G5FAV")).toBe("evt_01ARZ3NDEKTSV4RRFFQ69G5FAV");
    expect(subjectOf("conversion.recorded", { conversionId: "cnv_1" })?.page).toBe("attribution/conversions/cnv_1");
    expect(subjectOf("link.deleted", { slug: "gone" })).toBeNull();
    expect(subjectOf("webhook.test", {})).toBeNull();
  });
  it("keep every digit of their numbers", () => {
    expect(prettyJson('{"value":24.90,"n":12345678901234567890}')).toBe('{\n  "value": 24.90,\n  "n": 12345678901234567890\n}');
    expect(prettyJson("not JSON")).toBe("not JSON");
    expect(exactJson(parseExact('{"value":24.90,"name":"1.5","clicks":3}'))).toBe('{\n  "value": 24.90,\n  "name": "1.5",\n  "clicks": 3\n}');
  });
});

describe("an endpoint", () => {
  const webhook: Webhook = {
    subscriptionId: "whs_1", endpointUrl: "https://a.example/x", eventTypes: ["link.clicked", "conversion.recorded"], enabled: true, includeBots: true,
    status: "ACTIVE", createdAt: at(0), updatedAt: at(0), description: null,
  };
  it("is sent only as far as it was changed", () => {
    const form = webhookForm(webhook);
    expect(webhookChange(form, webhookForm(webhook))).toEqual({});
    expect(webhookChange({ ...form, eventTypes: [...form.eventTypes].reverse() }, form)).toEqual({});
    expect(webhookChange({ ...form, enabled: false }, form)).toEqual({ enabled: false });
    expect(webhookChange({ ...form, all: true }, form)).toEqual({ eventTypes: ["*"] });
    expect(webhookBody({ ...form, eventTypes: ["conversion.recorded"] }).includeBots).toBe(false);
  });
  it("has the previous secrets that its rotations left", () => {
    const rotation = (ms: number, gracePeriodSeconds: number) => ({ at: at(ms), after: { gracePeriodSeconds } });
    expect(graces([], NOW)).toEqual([]);
    expect(graces([rotation(-1_000, 3_600)], NOW)).toEqual([{ rotatedAt: at(-1_000), endsAt: NOW - 1_000 + 3_600_000 }]);
    expect(graces([rotation(-7_200_000, 3_600)], NOW)).toEqual([]);
    // Newest first: without an overlap all previous ones end, later ones begin again.
    expect(graces([rotation(-1_000, 0), rotation(-2_000, 86_400)], NOW)).toEqual([]);
    expect(graces([rotation(-1_000, 60), rotation(-2_000, 0), rotation(-3_000, 86_400)], NOW)).toHaveLength(1);
  });
});

describe("notes", () => {
  const webhook = (status: Webhook["status"], failed: number, delivered: number) => ({
    subscriptionId: "whs_1", endpointUrl: "https://a.example/x", eventTypes: ["*"], enabled: true, includeBots: false, status, createdAt: at(0), updatedAt: at(0),
    description: "Order book", counts24h: { delivered, failed, pending: 0 }, lastDelivery: null,
  });
  // Created some time after the event, whose moment is in the id.
  const failure = (n: number, ms: number): Delivery => ({ ...delivery("EXHAUSTED", []), deliveryId: idAt(NOW + ms, n), createdAt: at(ms + 900) });
  it("are one for an endpoint, and one for all that was given up", () => {
    const found = notes({ webhooks: [webhook("ACTIVE", 2, 8)], recentFailures: [failure(2, -1_000), failure(1, -60_500), failure(0, -9 * 86_400_000)] }, NOW);
    expect(found.map(({ title }) => title)).toEqual(["Order book is failing", "2 deliveries to Order book were given up"]);
    expect(found[1]?.page).toBe(`lifecycle/replay?endpoint=whs_1&since=${encodeURIComponent(at(-120_000))}`);
    expect(notes({ webhooks: [webhook("DISABLED_AUTO", 2, 8)], recentFailures: [] }, NOW)[0]).toMatchObject({ level: "bad", page: "lifecycle/webhooks/whs_1?tab=settings" });
    expect(notes({ webhooks: [webhook("DISABLED", 2, 8)], recentFailures: [] }, NOW)).toEqual([]);
    expect(notes({ webhooks: [webhook("ACTIVE", 0, 8)], recentFailures: [] }, NOW)).toEqual([]);
  });
  it("speak of doubtful figures and of the day's last writes", () => {
    const row = { campaignId: "partner-x", confidence: 45, clicks: 10, conversions: 1 };
    expect(campaignNotes([row, { ...row, confidence: 50 }, { ...row, clicks: 0, conversions: 0 }, { ...row, deleted: true }])).toHaveLength(1);
    const usage = (writesToday: number) => ({ limits: { writesPerDay: 10 }, usage: { writesToday }, resetsAt: at(0) });
    expect([quotaNotes(usage(5)), quotaNotes(usage(9)).map(({ level }) => level), quotaNotes(usage(10)).map(({ level }) => level)]).toEqual([[], ["warn"], ["bad"]]);
  });
  it("are unread until they were looked at, and again when they change", () => {
    const before = notes({ webhooks: [webhook("ACTIVE", 2, 8)], recentFailures: [] }, NOW);
    const last = lookOf(JSON.stringify(look(before)));
    expect(before.map((note) => [isUnread(note, null), isUnread(note, last)])).toEqual([[true, false]]);
    const more = notes({ webhooks: [webhook("ACTIVE", 3, 8)], recentFailures: [] }, NOW);
    expect(more.map((note) => isUnread(note, last))).toEqual([true]);
    expect([lookOf("{"), lookOf(null), lookOf("7"), lookOf("acme x")]).toEqual([null, null, null, null]);
    expect(ordered([...more, ...notes({ webhooks: [webhook("DISABLED_GONE", 0, 0)], recentFailures: [] }, NOW)]).map(({ level }) => level)).toEqual(["bad", "warn"]);
  });
});

type Entry = Pick<Delivery, "deliveryId" | "eventId" | "subscriptionId" | "status">;

/** What the API's replay does (specification §10.4), call by call, on a log that is newest first. */
function replayed(log: Entry[], { since, until, endpoint, status }: Choice, active: ReadonlySet<string>): string[] {
  const statuses: string[] = status ? [status] : ["EXHAUSTED", "CANCELLED"];
  const matches = log.filter((entry) => {
    const moment = momentOf(entry.deliveryId);
    return moment >= Date.parse(since) && moment <= Date.parse(until) && statuses.includes(entry.status) && (!endpoint || entry.subscriptionId === endpoint);
  });
  const newest = new Map<string, string>();
  for (const entry of [...log].reverse()) newest.set(`${entry.eventId} ${entry.subscriptionId}`, entry.status);
  const sent: string[] = [];
  for (const entry of matches) {
    const key = `${entry.eventId} ${entry.subscriptionId}`;
    if (!active.has(entry.subscriptionId) || !statuses.includes(newest.get(key) ?? "")) continue;
    sent.push(key);
    newest.set(key, "PENDING");
  }
  return sent;
}

describe("a replay's count", () => {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(Math.random() * of.length)] as T;
  it("is what the replay sends, for random logs with replays of replays", () => {
    const statuses: Status[] = ["DELIVERED", "EXHAUSTED", "CANCELLED", "SCHEDULED", "PENDING"];
    let withSome = 0;
    for (let round = 0; round < 400; round++) {
      const log = Array.from({ length: 120 }, (_, n): Entry => ({
        deliveryId: idAt(NOW - n * 1000, 120 - n), eventId: `evt_${Math.floor(Math.random() * 40)}`, subscriptionId: pick(["whs_1", "whs_2", "whs_3"]), status: pick(statuses),
      }));
      const choice: Choice = {
        since: at(-Math.floor(Math.random() * 130) * 1000), until: at(-Math.floor(Math.random() * 60) * 1000), endpoint: pick([null, "whs_1", "whs_3"]),
        status: pick([null, "EXHAUSTED", "DELIVERED"] as const),
      };
      const active = new Set(["whs_1", "whs_2"]);
      const counter = new Counter(choice);
      const shown = log.filter(({ deliveryId, subscriptionId }) => momentOf(deliveryId) >= Date.parse(choice.since) && (!choice.endpoint || choice.endpoint === subscriptionId));
      for (let page = 0; page < shown.length; page += 7) counter.add(shown.slice(page, page + 7));
      const count = counter.count(active);
      const sent = replayed(log, choice, active);
      expect(count.events).toBe(sent.length);
      expect(new Set(sent).size).toBe(sent.length);
      expect([...count.leftOut.keys()].every((id) => id === "whs_3")).toBe(true);
      withSome += Number(sent.length > 0);
    }
    expect(withSome).toBeGreaterThan(100);
  });
  it("says how many calls it takes", () => {
    const counter = new Counter({ until: at(0), status: null });
    counter.add(Array.from({ length: A_CALL + 1 }, (_, n): Entry => ({ deliveryId: idAt(NOW, n), eventId: `evt_${n}`, subscriptionId: "whs_1", status: "EXHAUSTED" })));
    expect(counter.count(new Set(["whs_1"]))).toMatchObject({ events: A_CALL + 1, calls: 2 });
  });
});

describe("the hours of an endpoint", () => {
  const hour = (n: number, delivered: number, failed: number, p50Ms: number | null, p95Ms: number | null): Hour => ({
    hour: at(n * 3_600_000), delivered, failed, attempts: delivered + failed, p50Ms, p95Ms,
  });
  it("are the last 24 of two days, on one scale", () => {
    const rows = Array.from({ length: 35 }, (_, n) => hour(n, n, 0, null, null));
    expect(lastHours(rows)).toHaveLength(24);
    expect(bars(lastHours(rows)).at(-1)).toMatchObject({ delivered: 1, failed: 0 });
    expect(bars([hour(0, 0, 0, null, null)])).toMatchObject([{ delivered: 0, failed: 0 }]);
    expect(lastDays(NOW)).toEqual({ from: "2026-11-21", to: "2026-11-22" });
  });
  it("are lines that hours without attempts interrupt", () => {
    const rows = [hour(0, 1, 0, 10, 100), hour(1, 0, 0, null, null), hour(2, 1, 0, 20, 50), hour(3, 1, 0, 20, 25)];
    expect(slowest(rows)).toBe(100);
    expect(line(rows, ({ p95Ms }) => p95Ms, 100)).toEqual([[[0.125, 0]], [[0.625, 0.5], [0.875, 0.75]]]);
    expect(line(rows.slice(1, 2), ({ p95Ms }) => p95Ms, 1)).toEqual([]);
  });
  it("are said in one sentence", () => {
    expect(summary([hour(0, 0, 0, null, null)])).toBe("Nothing ended in the last 24 hours.");
    expect(summary([hour(0, 5, 0, 10, 40), hour(1, 1, 3, 10, 2_500)]))
      .toBe("6 deliveries arrived in 24 hours, 3 failed, most in the hour from 11:00 UTC. In the slowest hour, from 11:00, 95 % of the attempts took at most 2.5 s.");
  });
});
