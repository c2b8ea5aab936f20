import { describe, expect, it } from "vitest";
import { actionName, auditCsv, auditQuery, changedFields, filterOf, KINDS, NO_FILTER, pageOf, type AuditEvent } from "./audit";
import { csvText } from "./csv";
import { persons, samePeople, USER_ID, withPerson, type People } from "./people";
import { retryText } from "./quota";
import { contents, erasures, named, personFile, personOf } from "./privacy";
import { ACTION_LIST, may, ROLES, type Action, type Role } from "./roles";
import { endOf, fileNameOf, permitted, RESOURCES, SCOPES, tokenIdOf, tokenName, trial, type Scope } from "./scopes";
import { ago, policy, SESSION_ID, tag, testSession } from "./snippet";
import { usageSummary, usedDays } from "./usage";
import OPENAPI from "../../../../accounts/openapi.json?raw";
import SPECIFICATION from "../../../../../docs/specification.md?raw";

type Operation = { security?: Record<string, string[]>[] };
const API = JSON.parse(OPENAPI) as { paths: Record<string, Record<string, Operation>>; components: { schemas: { Scope: { enum: string[] } } } };

describe("scopes", () => {
  it("of the matrix are those of the API, each for reading or for writing as its name says", () => {
    const known = API.components.schemas.Scope.enum;
    expect([...SCOPES, ...RESOURCES.map(({ family }) => family)].sort()).toEqual([...known].sort());
    for (const { read, write } of RESOURCES) expect([read?.scope.endsWith(".read") ?? true, write?.scope.endsWith(".write") ?? true]).toEqual([true, true]);
  });
  it("are tried with a request that they suffice for", () => {
    const needed = (verb: string, path: string): string[] => (API.paths[path]?.[verb]?.security ?? []).flatMap((one) => one["pat"] ?? []);
    for (const scope of SCOPES) {
      const request = trial("acme", [scope]);
      const path = (request?.address ?? "").split("?")[0]?.replace("/handles/acme/", "/handles/{handle}/").replace("links/from-a-program", "links/{slug}") ?? "";
      expect([scope, needed(request?.verb ?? "", path)]).toEqual([scope, [scope]]);
    }
    expect(trial("acme", ["chain.signal.write", "analytics.read"])?.verb).toBe("get");
    expect(trial("acme", [])).toBe(null);
  });
  it("are shown by resource, whole families too", () => {
    const scopes: Scope[] = ["links.read", "links.write", "webhooks.*", "conversions.write"];
    expect(permitted(scopes).map(({ name, may: what, whole }) => `${name}: ${what}${whole ? "*" : ""}`)).toEqual(["Links: read, write", "Conversions: write", "Webhooks: read, write*"]);
  });
});

describe("tokens", () => {
  it("are called by a name that can be seen and typed", () => {
    expect([tokenName({ name: " nightly ", tokenId: "A" }), tokenName({ name: null, tokenId: "A" }), tokenName({ name: " \u200b\u202e ", tokenId: "A" })]).toEqual(["nightly", "A", "A"]);
  });
  it("are known by their id, and the secret that is pasted with it is left out", () => {
    const id = "V1StGXR8Z5jdHi6B";
    expect([id, ` patv1_${id}.${"s".repeat(43)} `, "patv1_short", ""].map(tokenIdOf)).toEqual([id, id, null, null]);
  });
  it("are saved under a plain file name", () => expect([fileNameOf("acme", "Nightly import!"), fileNameOf("acme", "../../x"), fileNameOf("acme", "日本")]).toEqual(["acme-nightly-import.env", "acme-x.env", "acme-token.env"]));
  it("end when it was chosen", () => {
    const now = Date.parse("2026-11-22T10:00:00Z");
    expect([endOf("never", null, now), endOf("30", null, now), endOf("date", "2027-01-01T00:00:00.000Z", now), endOf("date", null, now)]).toEqual([null, "2026-12-22T10:00:00.000Z", "2027-01-01T00:00:00.000Z", null]);
  });
});

describe("roles", () => {
  // The rows of the specification (2.2) for each action of the console.
  const AREAS: Record<Action, string> = {
    read: "read links, preview routes",
    links: "write links",
    rules: "write personalization rules and chain rules",
    people: "read the handle, its collaborators and usage",
    adjust: "adjust conversions",
    webhooks: "write subscriptions, rotate, test, replay",
    deliveries: "read subscriptions and deliveries",
    tokens: "tokens, audit events",
    audit: "tokens, audit events",
    collaborators: "replace collaborators, transfer ownership",
    transfer: "replace collaborators, transfer ownership",
    privacy: "erase and export a person's data",
  };
  it("may what the specification gives them", () => {
    for (const { id } of ACTION_LIST) {
      const row = SPECIFICATION.split("\n").find((line) => line.startsWith(`| ${AREAS[id]} |`));
      const least = row?.split("|")[2]?.trim() as Role;
      const allowed = ROLES.map((role) => role.id).filter((role) => may(role, id));
      expect([id, allowed[0]]).toEqual([id, least]);
    }
  });
});

describe("a person's data", () => {
  it("is asked for by what the address names", () => {
    expect(personOf(new URLSearchParams("clickId=clk_1"))).toEqual({ by: "clickId", id: "clk_1" });
    expect(personOf(new URLSearchParams("range=7d"))).toEqual({ by: "sessionId", id: "" });
    expect(named({ by: "idempotencyKey", id: "order 1" })).toEqual({ idempotencyKey: "order 1" });
    expect(personFile("acme", { by: "idempotencyKey", id: "../order 1" })).toBe("acme-person-.._order_1.json");
  });
  it("is a file of which each kind is counted", () => {
    expect(contents('[{"kind":"click","record":{}},{"kind":"signal","record":{}},{"kind":"click","record":{}}]')).toBe("1 signal and 2 clicks");
    expect(contents("[]\n")).toBe("");
  });
  it("is erased once the audit says so, with the latest count", () => {
    const event = (action: string, target: string, at: string, after: object) => ({ action, target, at, after, actor: { kind: "JWT", id: "demo-owner" } }) as unknown as AuditEvent;
    const rows = erasures([
      event("privacy.erased", "ers_1", "2026-11-23T10:02:00Z", { clicks: 2, conversions: 0, sessions: 1 }),
      event("privacy.exported", "acme", "2026-11-23T10:01:30Z", { by: "clickId" }),
      event("privacy.erase_requested", "ers_2", "2026-11-23T10:01:00Z", { by: "clickId" }),
      event("privacy.erased", "ers_1", "2026-11-23T10:01:00Z", { clicks: 1, conversions: 0, sessions: 1 }),
      event("privacy.erase_requested", "ers_1", "2026-11-23T10:00:00Z", { by: "sessionId" }),
    ]);
    expect(rows.map(({ erasureId, by, erased }) => [erasureId, by, erased?.text])).toEqual([["ers_2", "clickId", undefined], ["ers_1", "sessionId", "2 clicks and 1 session"]]);
  });
});

describe("the audit", () => {
  const event = (parts: object): AuditEvent =>
    ({ auditId: "aud_1", at: "2026-11-22T10:00:00.000Z", actor: { kind: "JWT", id: "demo-owner" }, action: "link.updated", target: "shop", requestId: "req_1", ...parts }) as AuditEvent;
  it("names every action of the specification, and groups each", () => {
    const table = SPECIFICATION.split("## 12 Audit")[1]?.split("## 13")[0] ?? "";
    const actions = [...table.matchAll(/`([a-z_]+\.[a-z_]+)`/g)].map(([, action = ""]) => action);
    expect(actions.length).toBeGreaterThan(30);
    for (const action of actions) expect(actionName(action)).not.toBe(action);
    const ungrouped = actions.filter((action) => !KINDS.some(({ id }) => action.startsWith(id.replace("*", ""))));
    expect(ungrouped.sort()).toEqual(["account.updated", "adjustment.mismatch", "clicks.rescored"]);
  });
  it("leads to what was changed while it is there", () => {
    expect(pageOf(event({}))).toBe("attribution/links/shop");
    expect(pageOf(event({ action: "link.deleted" }))).toBe(null);
    expect(pageOf(event({ action: "token.created", target: "abc" }))).toBe("settings/tokens?token=abc");
    expect(pageOf(event({ action: "rule.updated", target: "a&b" }))).toBe("attribution/rules?rule=a%26b");
    expect(pageOf(event({ action: "something.new" }))).toBe(null);
  });
  it("is asked for whole days of the zone, also where clocks change within them", () => {
    const of = (since: string, until: string, zone: string) => {
      const query = auditQuery({ ...NO_FILTER, since, until }, zone);
      return [query?.since, query?.until];
    };
    expect(of("2026-11-22", "2026-11-22", "UTC")).toEqual(["2026-11-22T00:00:00.000Z", "2026-11-22T23:59:59.999Z"]);
    expect(of("2026-11-22", "2026-11-22", "Pacific/Kiritimati")).toEqual(["2026-11-21T10:00:00.000Z", "2026-11-22T09:59:59.999Z"]);
    expect(of("2026-11-22", "2026-11-22", "Pacific/Pago_Pago")).toEqual(["2026-11-22T11:00:00.000Z", "2026-11-23T10:59:59.999Z"]);
    // 23 and 25 hours.
    expect(of("2026-03-29", "2026-03-29", "Europe/Berlin")).toEqual(["2026-03-28T23:00:00.000Z", "2026-03-29T21:59:59.999Z"]);
    expect(of("2026-10-25", "2026-10-25", "Europe/Berlin")).toEqual(["2026-10-24T22:00:00.000Z", "2026-10-25T22:59:59.999Z"]);
    // A day without a midnight begins at 1 o'clock.
    expect(of("2026-04-24", "2026-04-24", "Africa/Cairo")).toEqual(["2026-04-23T22:00:00.000Z", "2026-04-24T20:59:59.999Z"]);
    expect(auditQuery({ ...NO_FILTER, since: "0202-01-01", target: "x" }, "UTC")).toEqual({ limit: 50, target: "x" });
    expect(filterOf(new URLSearchParams("since=yesterday&target=%20&actor=a"))).toEqual({ ...NO_FILTER, actor: "a" });
  });
  it("says which fields changed", () => {
    expect(changedFields(event({ before: { a: 1, b: { c: 1, d: 2 } }, after: { a: 2, b: { c: 1, d: 3 } } }))).toBe("a, b.d");
    expect(changedFields(event({ after: { a: 1, b: 2, c: 3, d: 4, e: 5 } }))).toBe("a, b, c and 2 more");
    expect(changedFields(event({}))).toBe("");
  });
  it("becomes CSV in which no text is a formula", () => {
    const csv = auditCsv([event({ target: "=HYPERLINK(1)", after: { title: 'a "b"' } })]);
    expect(csv.split("\r\n")[1]).toBe('"2026-11-22T10:00:00.000Z","user","demo-owner","link.updated","\'=HYPERLINK(1)","","{""title"":""a \\""b\\""""}","req_1","aud_1"');
    expect(csvText([[" \u200b=1", "'@x", "-5.20", "-a", "a=b"]])).toBe('"\' \u200b=1","\'\'@x","-5.20","\'-a","a=b"\r\n');
  });
});

describe("people", () => {
  const people = { handle: "acme", ownerUserId: "o", collaborators: [{ userId: "b", role: "CREATOR" }, { userId: "a", role: "OPERATOR" }] } as People;
  it("are the owner, then the others by name", () => expect(persons(people).map(({ userId }) => userId)).toEqual(["o", "a", "b"]));
  it("are added, changed and removed in the whole list", () => {
    expect(withPerson(people, "c", "CREATOR").map(({ userId }) => userId)).toEqual(["b", "a", "c"]);
    expect(withPerson(people, "b", "OPERATOR")).toEqual([{ userId: "a", role: "OPERATOR" }, { userId: "b", role: "OPERATOR" }]);
    expect(withPerson(people, "a", null)).toEqual([{ userId: "b", role: "CREATOR" }]);
  });
  it("are the same in another order, and not in another role", () => {
    expect(samePeople(people, { ...people, collaborators: [...people.collaborators].reverse() })).toBe(true);
    expect(samePeople(people, { ...people, collaborators: withPerson(people, "b", "OPERATOR") })).toBe(false);
    expect(["auth0|5f", "a b", ""].map((id) => USER_ID.test(id))).toEqual([true, false, false]);
  });
});

describe("usage", () => {
  it("is by local day, the last one not over", () => {
    const days = usedDays([{ writesDay: "20261121", writes: 10 }, { writesDay: "20261122", writes: 1 }]);
    expect(days).toEqual([{ day: "2026-11-21", writes: 10, today: false }, { day: "2026-11-22", writes: 1, today: true }]);
    expect(usageSummary(days, 10)).toBe("11 writes in 2 days; most on Sat, 21 Nov 2026 with 10; today's limit of 10 was reached on 1 day.");
    expect(usageSummary(usedDays(null), 2)).toBe("0 writes in 0 days; never 2, the limit of a day.");
  });
  it("says when the next write may be made", () => {
    const at = Date.parse("2026-11-22T23:00:00.000Z");
    expect(retryText(at + 900, 40_000, "Europe/Berlin")).toBe("Try again from 23 Nov 2026, 00:00:00 on (Europe/Berlin).");
    expect(retryText(at, 45, "UTC")).toBe("Try again in 45 s.");
  });
});

describe("the snippet", () => {
  it("is a tag with the handle, and the policy names its origin", () => {
    expect(tag("https://api.example", "acme")).toBe('<script src="https://api.example/v2/public/sdk.js" data-handle="acme" defer></script>');
    expect(policy("https://api.example")).toBe("script-src https://api.example; connect-src https://api.example");
    expect(SESSION_ID.test(testSession("acme", "x1"))).toBe(true);
  });
  it("says how long ago a signal was", () => {
    const now = Date.parse("2026-11-22T10:00:00Z");
    expect(["2026-11-22T09:59:56Z", "2026-11-22T09:59:59.5Z", "2026-11-22T09:58:00Z", "2026-11-22T07:00:00Z", "2026-11-20T10:00:00Z", "2026-11-22T10:00:05Z"].map((at) => ago(at, now)))
      .toEqual(["4 seconds ago", "0 seconds ago", "2 minutes ago", "3 hours ago", "2 days ago", "0 seconds ago"]);
  });
});
