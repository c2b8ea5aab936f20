// Links from the first click to the second version, through the console as a person uses it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { environment, eventually, fill, go, HANDLE, open, press, settled, tab, textOf } from "./harness.mjs";

let server, browser, page;
environment({ tabs: true }, (env) => ({ server, browser, page } = env));

const slug = () => `t-${Math.random().toString(36).slice(2, 10)}`;
const RULES = [
  { priority: 10, destinationUrl: "https://example.com/a", conditions: { countryIn: ["DE", "AT"] } },
  { priority: 20, destinationUrl: "https://example.com/b", conditions: { deviceIn: ["MOBILE"] } },
  { priority: 30, destinationUrl: "https://example.com/c", conditions: { countryIn: ["US"], percent: { from: 0, to: 100 } } },
];
const AGENTS = {
  MOBILE: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
  TABLET: "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/604.1",
  DESKTOP: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
};
const cells = () => page.$$eval(".matrix tbody td", (all) => all.map((cell) => cell.title));
const rows = () => page.$$eval(".rules > .rule p:first-child", (all) => all.map((row) => row.innerText));

test("get started does the steps of the playbook, refusals included", async () => {
  await open(page, server, `${HANDLE}/attribution/get-started`);
  const name = slug();
  await fill(page, "Slug", name);
  await press(page, "Create the link");
  await page.waitForSelector("::-p-text(It cost one write)");
  await press(page, "Preview");
  await page.waitForSelector("::-p-text(This visitor would go to)");
  await eventually("the short address", () => page.$(`a[href*="/${name}"]`));
  await fill(page, "The address you arrived at", await server.visit(name));
  await press(page, "Resolve");
  await page.waitForSelector("::-p-text(read without a store)");
  await press(page, "Convert");
  await page.waitForSelector("::-p-text(Accepted as)");
  await press(page, "Send again");
  await page.waitForSelector("::-p-text(deduped is true)");
  await press(page, "Try it");
  await page.waitForSelector("::-p-text(invalid_ctx)");
  assert.equal((await page.$$(".step")).length, (await page.$$(".step-done")).length, "every step is done");
  const { body } = await server.api("GET", "conversions?limit=5");
  assert.equal(body.items.filter((one) => one.slug === name).length, 1, "one conversion");
});

test("the preview of what is typed is the saved link's, and the real redirect's, for twenty-four visitors", async () => {
  const name = slug();
  await open(page, server, `${HANDLE}/attribution/links/new`);
  await fill(page, "Destination", "https://example.com/all");
  await fill(page, "Short address", name);
  for (const [kind, values, target] of [["Country", "DE, AT", "a"], ["Source", "email", "b"], ["Country", "US", "c"]]) {
    await press(page, "Add a rule");
    await press(page, "Add a condition");
    await press(page, kind);
    await fill(page, kind, values);
    await fill(page, "Goes to", `https://example.com/${target}`);
    await press(page, "Done");
  }
  const decided = async (target) => {
    await eventually("the preview", async () => (await cells()).some((title) => title.endsWith(target)));
    await page.waitForNetworkIdle({ idleTime: 400 });
    return cells();
  };
  const unnamed = await decided("/c");
  await fill(page, "Source", "email");
  const typed = [...unnamed, ...(await decided("/b"))];
  const countries = await page.$$eval(".matrix tbody th", (all) => all.map((cell) => cell.innerText));
  assert.deepEqual(await page.$$eval(".matrix-new", (all) => all.length), 0, "nothing to compare a new link with");
  assert.equal((await server.api("GET", `links/${name}`)).status, 404, "nothing is saved yet");
  await press(page, "Create link");
  await page.waitForFunction((path) => location.pathname.endsWith(path), {}, `/links/${name}`);
  const visits = [{}, { source: "email" }].flatMap((known) => countries.flatMap((country) => Object.keys(AGENTS).map((device) => ({ ...known, country, device }))));
  assert.equal(visits.length, 24);
  assert.equal(new Set(typed).size, 4, "each rule and the destination decide for some");
  const { body } = await server.api("POST", `links/${name}/route-preview`, { visits });
  assert.deepEqual(typed, body.results.map(({ destinationUrl }) => destinationUrl), "saved");
  for (const [index, { country, device, source }] of visits.entries()) {
    const location = new URL(await server.visit(name, { query: source ? `?source=${source}` : "", headers: { "user-agent": AGENTS[device], "cloudfront-viewer-country": country } }));
    location.searchParams.delete("ctx");
    assert.equal(location.href, typed[index], `${country} ${device} ${source ?? ""}`);
  }
});

test("what a visitor from Germany on a phone gets is one press in the matrix, and is what the redirect does", async () => {
  await open(page, server, `${HANDLE}/attribution/links/summer-sale/routing`);
  await (await page.waitForSelector('.matrix button[aria-label^="Germany, mobile"]')).click();
  const { body } = await server.api("POST", "links/summer-sale/route-preview", { country: "DE", device: "MOBILE" });
  await eventually("the way of this visitor", async () => (await textOf(page, ".path-end")).includes(body.destinationUrl));
  assert.equal(await page.$eval('.matrix button[aria-pressed="true"]', (cell) => cell.getAttribute("aria-label").startsWith("Germany, mobile")), true);
  const location = new URL(await server.visit("summer-sale", { headers: { "user-agent": AGENTS.MOBILE, "cloudfront-viewer-country": "DE" } }));
  // The redirect adds the link's utm parameters and the ctx.
  assert.equal(location.origin + location.pathname, body.destinationUrl);
});

test("rules are moved by dragging and by keyboard alike, an unreachable one is named, and a save is one write", async () => {
  const [dragged, typed] = [slug(), slug()];
  for (const name of [dragged, typed]) await server.api("PUT", `links/${name}`, { destinationUrl: "https://example.com/", routingRules: RULES });
  const orders = [];
  for (const name of [dragged, typed]) {
    if (name === dragged) await open(page, server, `${HANDLE}/attribution/links/${name}/edit`);
    else await go(page, `${HANDLE}/attribution/links/${name}/edit`);
    const grips = await page.$$(".grip");
    if (name === dragged) {
      await grips[0].evaluate((grip) => grip.scrollIntoView({ block: "center" }));
      const [from, to] = await Promise.all([grips[0].boundingBox(), grips[2].boundingBox()]);
      await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
      await page.mouse.down();
      await page.mouse.move(from.x + 20, from.y + 40, { steps: 4 });
      await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 8 });
      await page.mouse.up();
    } else {
      await grips[0].focus();
      for (let step = 0; step < 2; step++) {
        await page.keyboard.down("Alt");
        await page.keyboard.press("ArrowDown");
        await page.keyboard.up("Alt");
      }
      assert.ok(await page.evaluate(() => document.activeElement?.classList.contains("grip")), "the focus stays on the rule");
    }
    orders.push(await eventually("the new order", async () => ((await rows())[0].includes("mobile") ? rows() : null)));
    const before = (await server.api("GET", "usage-meters")).body.usage.writesToday;
    await press(page, "Save");
    await page.waitForFunction((path) => location.pathname.endsWith(path), {}, `/links/${name}`);
    assert.equal((await server.api("GET", "usage-meters")).body.usage.writesToday, before + 1, "one write");
    const { body } = await server.api("GET", `links/${name}`);
    assert.deepEqual(body.routingRules.map((rule) => [rule.priority, rule.destinationUrl.slice(-1)]), [[10, "b"], [20, "c"], [30, "a"]]);
  }
  assert.deepEqual(orders[0], orders[1]);
  const covered = slug();
  const everyone = { destinationUrl: "https://example.com/x", conditions: {} };
  await server.api("PUT", `links/${covered}`, { destinationUrl: "https://example.com/", routingRules: [everyone, RULES[0]] });
  await go(page, `${HANDLE}/attribution/links/${covered}/routing`);
  await page.waitForSelector("::-p-text(No visitor reaches it: rule 1 takes them all.)");
});

test("a link is created with the keyboard alone, and the focus is never lost", async () => {
  const name = slug();
  await open(page, server, `${HANDLE}/overview`);
  await page.keyboard.press("c");
  await page.waitForFunction(() => location.pathname.endsWith("/attribution/links/new"));
  await settled(page);
  const focused = () => page.evaluate(() => {
    const { activeElement: at } = document;
    return at === document.body ? null : (at.labels?.[0]?.innerText ?? at.getAttribute("aria-label") ?? at.innerText).trim();
  });
  const tabTo = async (wanted) => {
    for (let pressed = 0; (await focused()) !== wanted; pressed++) {
      assert.ok(pressed < 80, `Tab does not reach ${wanted}`);
      await page.keyboard.press("Tab");
    }
  };
  assert.notEqual(await focused(), null, "the page that opens has the focus");
  await tabTo("Destination");
  await page.keyboard.type("ftp://example.com/keyboard");
  await tabTo("Short address");
  await page.keyboard.down("Control");
  await page.keyboard.press("a");
  await page.keyboard.up("Control");
  await page.keyboard.type(name);
  await page.keyboard.press("Enter");
  await eventually("the fault has the focus", async () => (await focused()) === "Destination");
  await page.keyboard.press("Home");
  for (let letter = 0; letter < 3; letter++) await page.keyboard.press("Delete");
  await page.keyboard.type("https");
  await page.keyboard.down("Control");
  await page.keyboard.press("s");
  await page.keyboard.up("Control");
  await page.waitForFunction((path) => location.pathname.endsWith(path), {}, `/links/${name}`);
  await settled(page);
  assert.notEqual(await focused(), null, "the new link's page has the focus");
  assert.equal((await server.api("GET", `links/${name}`)).body.destinationUrl, "https://example.com/keyboard");
});

test("what the API refuses is shown at its field, which gets the focus", async () => {
  await open(page, server, `${HANDLE}/attribution/links/new`);
  await fill(page, "Destination", "https://user:secret@example.com/");
  await fill(page, "Fallback", "ftp://example.com");
  await press(page, "Create link");
  const wrong = await eventually("two faults", async () => {
    const found = await page.$$eval("[aria-invalid=true]", (all) => all.map((input) => input.labels[0]?.innerText));
    return found.length >= 2 && found;
  });
  assert.deepEqual(wrong, ["Destination", "Fallback"]);
  assert.equal(await page.evaluate(() => document.activeElement.labels?.[0]?.innerText), "Destination");
  await fill(page, "Destination", "https://example.com/");
  await fill(page, "Short address", "summer-sale");
  await fill(page, "Fallback", "");
  await press(page, "Create link");
  await page.waitForSelector("::-p-text(There is a link with this slug already.)");
});

test("selected links are tagged, each as it is now", async () => {
  const names = [slug(), slug()];
  for (const name of names) await server.api("PUT", `links/${name}`, { destinationUrl: "https://example.com/", title: "Bulk", tags: ["kept"] });
  await open(page, server, `${HANDLE}/attribution/links?q=${names[0].slice(0, 2)}`);
  for (const name of names) {
    const row = await eventually(`the row of ${name}`, () => page.$(`tr:has(a[href*="/${name}"]) input[type=checkbox]`));
    await row.click();
  }
  // Another person's change meanwhile is kept.
  await server.api("PUT", `links/${names[0]}`, { destinationUrl: "https://example.com/", title: "Renamed", tags: ["kept"] });
  await press(page, "Tag");
  await fill(page, "Tag", "autumn");
  await press(page, "Add to 2 links");
  await page.waitForSelector("::-p-text(Tagged autumn: 2 links of 2.)");
  const read = async (name) => (await server.api("GET", `links/${name}`)).body;
  for (const name of names) assert.deepEqual((await read(name)).tags, ["kept", "autumn"]);
  assert.equal((await read(names[0])).title, "Renamed");
});

test("the QR code leads to the link, and the page reads its own code", async () => {
  for (const theme of ["light", "dark"]) {
    const other = await tab(browser, server, { theme });
    await open(other, server, `${HANDLE}/attribution/links/boots/qr`);
    await press(other, "Test reading it");
    await other.waitForSelector("::-p-text(Read: it leads to the link)");
    const { body } = await server.api("GET", "links/boots");
    assert.equal(await other.$eval(".qr", (canvas) => canvas.dataset.text), `${body.shortUrl}?src=qr`);
    assert.deepEqual(other.faults, []);
    await other.browserContext().close();
  }
});

test("the list is searched, filtered and ordered, and its address brings it back", async () => {
  await open(page, server, `${HANDLE}/attribution/links`);
  const names = () => page.$$eval(".table tbody .row-name > span > span:first-child", (all) => all.map((row) => row.innerText));
  const all = (await names()).length;
  await page.keyboard.press("/");
  await page.keyboard.type("tent");
  await page.waitForFunction(() => location.search.includes("q=tent"));
  await eventually("one row", async () => (await names()).join() === "youtube-tents");
  await go(page, `${HANDLE}/attribution/links`);
  await press(page, "People");
  await page.waitForFunction(() => location.search.includes("sort=-people"));
  const counts = await page.$$eval('td[data-name="People"]', (cells) => cells.map((cell) => Number(cell.innerText.replace(/\D/g, ""))));
  assert.deepEqual(counts, [...counts].sort((a, b) => b - a));
  assert.equal(counts.length, all);
  const address = await page.evaluate(() => location.pathname + location.search);
  const again = await tab(browser, server);
  await open(again, server, address.replace("/console/", ""));
  assert.deepEqual(await again.$$eval('td[data-name="People"]', (cells) => cells.map((cell) => Number(cell.innerText.replace(/\D/g, "")))), counts);
  await again.browserContext().close();
});

test("the overview's figures are the API's, its table is its chart, in five calls", async () => {
  await open(page, server, `${HANDLE}/attribution/links`);
  page.calls.length = 0;
  await go(page, `${HANDLE}/overview`);
  const calls = page.calls.filter((call) => !/usage-meters|\/handles(\?|$)|\/handles\/\w+$/.test(call));
  assert.ok(calls.length <= 5, calls.join("\n"));
  const { body } = await server.api("GET", "analytics?groupBy=day");
  assert.match(await textOf(page, ".figures"), new RegExp(`Qualified clicks\\s+${body.totals.qualifiedClicks.toLocaleString("en")}\\s`));
  await press(page, "As a table");
  const column = (name) => page.$$eval(`table[aria-label^="Clicks and conversions"] td[data-name="${name}"]`, (cells) => cells.map((cell) => Number(cell.innerText.replace(/\D/g, ""))));
  const byDay = new Map(body.rows.map((row) => [row.key, row]));
  const people = await column("People");
  assert.equal(people.length, 30);
  assert.equal(people.reduce((sum, value) => sum + value, 0), body.totals.qualifiedClicks, "rows add up to the total");
  assert.equal(people.at(-1), byDay.get(body.to)?.qualifiedClicks ?? 0);
  assert.equal((await column("Bots")).reduce((sum, value) => sum + value, 0), body.totals.botClicks);
});

test("hostile text in every field is text", async () => {
  const name = slug();
  const nasty = `<img src=x onerror=alert(1)>\u202Egnp.exe 😀"'`;
  const body = { destinationUrl: `https://example.com/?q=${encodeURIComponent(nasty)}${"x".repeat(1800)}`, title: nasty, description: nasty, tags: ["<b>bold</b>"], ogTitle: nasty };
  assert.equal((await server.api("PUT", `links/${name}`, body)).status, 201);
  await open(page, server, `${HANDLE}/attribution/links?q=${name}`);
  await page.setViewport({ width: 360, height: 740 });
  for (const place of ["", "/edit", "/history", "/api", "/qr"]) {
    await go(page, `${HANDLE}/attribution/links/${name}${place}`);
    assert.equal(await page.$("img"), null);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, place);
  }
});
