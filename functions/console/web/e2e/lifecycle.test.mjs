// Lifecycle messaging as a person uses it: rules by form and by JSON, decisions that are those of the public endpoints, sessions and why.
import assert from "node:assert/strict";
import { test } from "node:test";
import { findings } from "./axe.mjs";
import { environment, eventually, fill, go, open, prepare, press, settled, textOf } from "./harness.mjs";
import { minutesAgo, must, newHandle, seeded } from "./world.mjs";

let server, page, handle;
environment({ tabs: true, month: false }, (env) => ({ server, page } = env));

const TRIGGERS = ["checkout", "exit", "landing"];
const RULES = {
  "vip-banner": { trigger: "checkout", priority: 10, when: { all: [{ segmentIn: ["VIP"] }] }, action: { type: "banner", title: "For you" }, ttlSeconds: 60 },
  "two-views": { trigger: "checkout", priority: 20, when: { all: [{ signalKey: "view", minCount: 2, withinSeconds: 86_400 }], none: [{ segmentIn: ["returning"] }] }, action: { type: "popup", text: "Twice" } },
  "any-intent": { trigger: "checkout", priority: 30, when: { any: [{ signalKey: "intent", minConfidence: 0.7 }, { signalKey: "cart", signalValueIn: ["Full"] }] }, action: { type: "cta", label: "Go" }, ttlSeconds: 0 },
  "leaving": { trigger: "exit", when: { all: [{ segmentIn: ["engaged_prospect"] }] }, action: { type: "message", text: "Stay" } },
};
const public_ = async (what, body) => (await fetch(`${server.origin}/v2/public/chain/${what}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ handle, ...body }) })).json();
const digest = (id) => id.slice("dec_".length + 10);
/** What the page shows at each trigger. */
const shown = () => page.$$eval("[data-decision]", (all) => Object.fromEntries(all.map(({ dataset }) => [dataset.decision, { rule: dataset.rule || null, digest: dataset.digest }])));
const answered = () => page.waitForFunction(() => document.querySelector("[data-answers]:not([aria-busy])"));
const save = async () => {
  await press(page, "Save");
  await page.waitForFunction(() => location.pathname.endsWith("/lifecycle/rules"));
  await settled(page);
};
const storedRule = async (name) => (await server.api("GET", "chain/rules", undefined, { handle })).body.items.find(({ ruleId }) => ruleId === name);

prepare(async () => {
  handle = await newHandle(server);
  for (const [name, body] of Object.entries(RULES)) await must(server, handle, "PUT", `chain/rules/${name}`, body);
});

const next = seeded(50);
const random = (all) => all[Math.floor(next() * all.length)];

/** Sessions that each answer of the rules is given to, at every hour of the day. */
const DIRECTED = [
  [{ signalKey: "segment", signalValue: "vip" }],
  [{ signalKey: "view" }, { signalKey: "view" }],
  [{ signalKey: "intent", confidence: 0.9 }],
  [{ signalKey: "view" }],
  [...Array(4).fill({ signalKey: "view" }), { signalKey: "intent", confidence: 0.9 }],
];

/** Signals that no window of a rule ends within a minute of. */
function signals() {
  const one = () => {
    const key = random(["view", "view", "intent", "cart", "segment"]);
    const value = { cart: random(["full", "empty"]), segment: random(["vip", "b2b"]) }[key];
    const ago = random([5, 300, 2_000, 3_000]);
    return { signalKey: key, ...(value ? { signalValue: value } : {}), confidence: random([0.5, 0.9]), occurredAt: minutesAgo(ago) };
  };
  return Array.from({ length: random([1, 2, 3, 4, 5]) }, one);
}

test("what the tester says is what resolve and prefetch say, for 50 sessions", async () => {
  const matched = new Map();
  await open(page, server, `${handle}/lifecycle/tester?triggers=${TRIGGERS}`);
  for (let n = 0; n < 50; n++) {
    const sessionId = `sess-${n}`;
    await must(server, handle, "POST", "chain/signals", { sessionId, signals: DIRECTED[n] ?? signals() });
    await go(page, `${handle}/lifecycle/tester?session=${sessionId}&triggers=${TRIGGERS}`);
    const { decisions } = await public_("prefetch", { sessionId, triggers: TRIGGERS });
    const expected = {};
    for (const trigger of TRIGGERS) {
      const { decisionId, decidedAt, ...resolved } = await public_("resolve", { sessionId, trigger });
      const { decisionId: id, decidedAt: _, ...fetched } = decisions[trigger];
      assert.deepEqual(fetched, resolved, `${decidedAt} ${trigger}`);
      assert.equal(digest(id), digest(decisionId));
      expected[trigger] = { rule: resolved.ruleId, digest: digest(decisionId) };
      matched.set(`${trigger} ${resolved.ruleId}`, true);
    }
    await eventually(`the answers for ${sessionId}`, async () => {
      assert.deepEqual(await shown(), expected);
      return true;
    });
    await press(page, "Check the public endpoints");
    await page.waitForSelector("::-p-text(The same: resolve, prefetch and this page, for 3 triggers)");
  }
  for (const one of ["checkout vip-banner", "checkout two-views", "checkout any-intent", "checkout null", "exit leaving", "exit null", "landing null"]) assert.ok(matched.has(one), `some session gets ${one}`);
});

test("why a rule does not hold is said in words, with what the session has", async () => {
  await must(server, handle, "POST", "chain/signals", { sessionId: "why", signals: [{ type: "view" }] });
  await open(page, server, `${handle}/lifecycle/tester?session=why&triggers=checkout`);
  await page.waitForSelector("[data-decision=checkout]");
  const text = await textOf(page, ".path-steps");
  assert.match(text, /all\[0\] asks that the segment is “VIP”; the session has the segments new\./);
  assert.match(text, /all\[0\] asks that there are at least 2 signals view within 1 day; the session has 1 signal\./);
  assert.match(text, /any asks that there is a signal intent of confidence 0\.7 or more, or there is a signal cart with the value “Full”; the session has 0 signals; 0 signals\./);
});

test("a rule that is being edited decides in the tester before it is saved, and as it does afterwards", async () => {
  await must(server, handle, "PUT", "chain/rules/draft", { trigger: "draft", when: { all: [{ signalKey: "never" }] }, action: { type: "banner" } });
  await must(server, handle, "POST", "chain/signals", { sessionId: "drafts", signals: [{ type: "view" }] });
  await open(page, server, `${handle}/lifecycle/rules/draft/edit`);
  await fill(page, "Signal", "view");
  await press(page, "Test it");
  await fill(page, "Session", "drafts");
  await eventually("the draft decides", async () => (await shown()).draft?.rule === "draft");
  const before = (await shown()).draft;
  await page.waitForSelector(".path-steps ::-p-text(unsaved)");
  assert.equal((await public_("resolve", { sessionId: "drafts", trigger: "draft" })).matched, false, "nothing is saved");
  await page.click(".switch");
  await eventually("the saved rule does not hold", async () => (await shown()).draft?.rule === null);
  await go(page, `${handle}/lifecycle/rules/draft/edit`);
  await page.waitForSelector("::-p-text(What you typed before is restored.)");
  await save();
  const resolved = await public_("resolve", { sessionId: "drafts", trigger: "draft" });
  assert.deepEqual({ rule: resolved.ruleId, digest: digest(resolved.decisionId) }, before);
});

test("a signal is moved by dragging and by keyboard alike, and one question follows a change", async () => {
  const reached = [];
  for (const way of ["drag", "keys"]) {
    if (way === "drag") await open(page, server, `${handle}/lifecycle/tester?triggers=checkout`);
    else {
      await press(page, "Start over");
      await go(page, `${handle}/lifecycle/tester?triggers=checkout`);
    }
    for (let n = 0; n < 2; n++) await press(page, "Add a signal");
    await eventually("two signals decide", async () => (await shown()).checkout?.rule === "two-views");
    await settled(page);
    assert.deepEqual(await findings(page), []);
    page.calls.length = 0;
    const knob = (await page.$$("[role=slider]"))[0];
    if (way === "drag") {
      await knob.evaluate((element) => element.scrollIntoView({ block: "center" }));
      const from = await knob.boundingBox();
      const track = await (await knob.evaluateHandle((element) => element.parentElement)).boundingBox();
      const y = from.y + from.height / 2;
      await page.mouse.move(from.x + from.width / 2, y);
      await page.mouse.down();
      // To the mark of 7 days, the sixth from now of seven.
      await page.mouse.move(track.x + track.width / 2, y, { steps: 5 });
      await page.mouse.move(track.x + track.width / 7, y, { steps: 10 });
      await page.mouse.up();
    } else {
      await knob.focus();
      for (let n = 0; n < 6; n++) await page.keyboard.press("PageDown");
      assert.ok(await page.evaluate(() => document.activeElement.getAttribute("role") === "slider"));
    }
    await eventually("the older signal no longer counts for the day, and makes a returning visitor", async () => (await shown()).checkout?.rule === null);
    assert.ok(page.calls.filter((call) => call.includes("/chain/preview")).length <= 3, page.calls.join("\n"));
    reached.push([await page.$$eval("[data-ago]", (all) => all.map(({ dataset }) => dataset.ago)), await shown()]);
    await (await page.$$("[role=slider]"))[0].press("Delete");
    await eventually("one signal is left, and has the focus", () => page.evaluate(() => document.querySelectorAll("[role=slider]").length === 1 && document.activeElement.getAttribute("role") === "slider"));
  }
  assert.deepEqual(reached[0], reached[1]);
  assert.deepEqual(reached[0][0], ["604800", "0"]);
});

test("a rule is made with the form, changed as JSON, and what is wrong is said where it is", async () => {
  await open(page, server, `${handle}/lifecycle/rules/new?trigger=made`);
  await fill(page, "Name", "made-here");
  await press(page, "All of these: add signals");
  await fill(page, "Signal", "view");
  await fill(page, "At least", "500");
  await press(page, "None of these: add a segment");
  await fill(page, "Segments", "converted");
  await page.keyboard.press("Enter");
  await fill(page, "Title", "Hello");
  await press(page, "Create rule");
  await page.waitForSelector("[aria-invalid=true]");
  assert.equal(await page.evaluate(() => document.activeElement.labels?.[0]?.innerText), "At least");
  await fill(page, "At least", "2");
  const json = () => page.$eval("textarea[class*=json]", ({ value }) => value);
  assert.deepEqual(JSON.parse(await json()).when, { all: [{ signalKey: "view", minCount: 2 }], none: [{ segmentIn: ["converted"] }] });

  await fill(page, "The rule as JSON", '{\n  "trigger": "made",\n  "action" {"type": "popup"}\n}');
  await page.waitForSelector("::-p-text(Line 3, column 12)");
  assert.equal(await page.$eval("button[form=chain-rule-form]", (button) => button.disabled), true);
  await press(page, "Go to line 3");
  assert.equal(await page.evaluate(() => document.activeElement.value.slice(document.activeElement.selectionStart).startsWith('{"type')), true);
  await fill(page, "The rule as JSON", '{"trigger": "made", "when": {"any": [{"signalKey": "cart", "count": 1}]}, "action": {"type": "popup"}}');
  await page.waitForSelector("::-p-text(when.any[0].count)");
  const text = JSON.stringify({ trigger: "made", priority: 5, when: { any: [{ signalKey: "cart", withinSeconds: 7_200 }] }, action: { type: "popup", title: "From JSON", data: { value: 10 } } });
  await fill(page, "The rule as JSON", text);
  await page.waitForSelector("::-p-text(If there is a signal cart within 2 hours.)");
  assert.equal(await page.$eval("figure strong", (title) => title.innerText), "From JSON");
  await press(page, "Create rule");
  await page.waitForSelector("::-p-text(shows the popup “From JSON”)");
  const { when, action, priority } = await storedRule("made-here");
  assert.deepEqual([when.any, action, priority], [[{ signalKey: "cart", minCount: 1, withinSeconds: 7_200 }], { type: "popup", title: "From JSON", data: { value: 10 } }, 5]);

  await go(page, `${handle}/lifecycle/rules/new`);
  await fill(page, "Name", "made-here");
  await page.waitForSelector("::-p-text(There is a rule of this name.)");
  await go(page, `${handle}/lifecycle/rules`);
  await press(page, "Delete made-here");
  await page.waitForSelector("[role=dialog]");
  assert.deepEqual(await findings(page, "[role=dialog]"), []);
  await press(page, "Delete");
  await eventually("it is gone", async () => !(await storedRule("made-here")));
});

test("two people edit one rule: both changes stay", async () => {
  await must(server, handle, "PUT", "chain/rules/shared", { trigger: "shared", priority: 1, action: { type: "banner", title: "old" } });
  await open(page, server, `${handle}/lifecycle/rules/shared/edit`);
  await fill(page, "Priority", "7");
  await must(server, handle, "PUT", "chain/rules/shared", { trigger: "shared", priority: 1, action: { type: "banner", title: "theirs" } });
  await press(page, "Save");
  await press(page, "Merge, then save");
  await page.waitForFunction(() => !document.querySelector("[role=dialog]"));
  await save();
  const { priority, action } = await storedRule("shared");
  assert.deepEqual([priority, action.title], [7, "theirs"]);
});

test("rules are listed by trigger in their order, switched in one write, and one that no session reaches is named", async () => {
  await must(server, handle, "PUT", "chain/rules/zz-later", { trigger: "exit", priority: 9, when: { all: [{ segmentIn: ["engaged_prospect"] }, { signalKey: "view" }] }, action: { type: "none" } });
  await open(page, server, `${handle}/lifecycle/rules`);
  assert.deepEqual(await page.$$eval("ol[aria-label='Rules at checkout'] .row-name", (all) => all.map(({ innerText }) => innerText)), ["vip-banner", "two-views", "any-intent"]);
  await page.waitForSelector("ol[aria-label='Rules at exit'] ::-p-text(No session reaches it: leaving takes them all.)");
  const before = (await server.api("GET", "usage-meters", undefined, { handle })).body.usage.writesToday;
  await page.click("ol[aria-label='Rules at exit'] li:last-child .switch");
  await page.waitForSelector("::-p-text(zz-later is off.)");
  assert.equal((await storedRule("zz-later")).enabled, false);
  assert.equal((await server.api("GET", "usage-meters", undefined, { handle })).body.usage.writesToday, before + 1);
});

test("a rule is made and tested with the keyboard alone", async () => {
  await open(page, server, `${handle}/lifecycle/rules`);
  const label = () => page.evaluate(() => {
    const { activeElement: element } = document;
    return element.getAttribute("aria-label") ?? element.labels?.[0]?.innerText.trim() ?? element.innerText.trim();
  });
  const tabTo = async (wanted) => {
    for (let presses = 0; presses < 80; presses++) {
      if ((await label()) === wanted) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`${wanted} is not reached`);
  };
  const type = async (wanted, text) => {
    await tabTo(wanted);
    await page.keyboard.type(text);
  };
  await tabTo("New rule");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.pathname.endsWith("/rules/new"));
  await settled(page);
  await type("Name", "by-keys");
  await tabTo("Trigger");
  await page.keyboard.down("Control");
  await page.keyboard.press("a");
  await page.keyboard.up("Control");
  await page.keyboard.type("typed");
  await tabTo("All of these: add signals");
  await page.keyboard.press("Enter");
  await page.keyboard.down("Shift");
  for (let n = 0; n < 12 && (await label()) !== "Signal"; n++) await page.keyboard.press("Tab");
  await page.keyboard.up("Shift");
  await page.keyboard.type("view");
  await type("Title", "Typed");
  await page.keyboard.down("Control");
  await page.keyboard.press("s");
  await page.keyboard.up("Control");
  await page.waitForFunction(() => location.pathname.endsWith("/lifecycle/rules"));
  await settled(page);
  assert.deepEqual((await storedRule("by-keys")).when.all, [{ signalKey: "view", minCount: 1 }]);
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.waitForFunction(() => location.pathname.endsWith("/lifecycle/tester"));
  await settled(page);
  await tabTo("Add a signal");
  await page.keyboard.press("Enter");
  await eventually("the rule decides", async () => (await shown()).typed?.rule === "by-keys");
});
