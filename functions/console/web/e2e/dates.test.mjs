// Days and moments in the account's zone, over the date line and changes of clocks; amounts to their last digit in every currency.
import assert from "node:assert/strict";
import { test } from "node:test";
import { callAs, environment, eventually, fill, go, open, prepare, press, tab, textOf } from "./harness.mjs";
import { click, must, newHandle, order } from "./world.mjs";

let server, browser, page, handle;
environment({ month: false }, (env) => ({ server, browser } = env));
prepare(async () => {
  handle = await newHandle(server);
  await must(server, handle, "PUT", "links/dated", { destinationUrl: "https://example.com/" });
  page = await tab(browser, server);
  await open(page, server, `${handle}/settings/account`);
});

const setZone = async (timeZone) => {
  const { status, body } = await callAs(server, "demo-owner", "PUT", "/v2/account", { timeZone });
  assert.equal(status, 200, JSON.stringify(body));
  return body;
};
const shown = (at, timeZone) => new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium", timeZone }).format(Date.parse(at));
const dayIn = (at, timeZone) => new Intl.DateTimeFormat("en-CA", { dateStyle: "short", timeZone }).format(Date.parse(at));
const dayAfter = (day, days) => new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

for (const [zone, offset] of [["Pacific/Kiritimati", "+14:00"], ["Pacific/Pago_Pago", "-11:00"], ["Asia/Kathmandu", "+05:45"]]) {
  test(`moments and days are those of ${zone}`, async () => {
    const account = await setZone(zone);
    await open(page, server, `${handle}/settings/account`);
    const [event] = (await server.api("GET", "audit-events?target=dated", undefined, { handle })).body.items;
    const day = dayIn(event.at, zone);
    const keys = () => page.$$eval("table[aria-label='Audit events'] tbody tr", (rows) => rows.map((row) => row.dataset.key));
    for (const [query, found] of [[`since=${day}&until=${day}`, [event.auditId]], [`until=${dayAfter(day, -1)}`, []], [`since=${dayAfter(day, 1)}`, []]]) {
      page.calls.length = 0;
      await go(page, `${handle}/settings/audit?target=dated&${query}`);
      assert.deepEqual(await keys(), found, query);
      if (found.length) assert.ok((await textOf(page, "table[aria-label='Audit events'] tbody time")).includes(shown(event.at, zone)), zone);
      const asked = new URL(page.calls.find((call) => call.includes("audit-events")).split(" ")[1], server.origin).searchParams;
      const since = new URLSearchParams(query).get("since");
      if (since) assert.equal(Date.parse(asked.get("since")), Date.parse(`${since}T00:00:00${offset}`), "a day begins at its own midnight");
    }
    await go(page, `${handle}/settings/plan`);
    const figures = await textOf(page, ".figures");
    assert.ok(figures.includes(`${shown(account.resetsAt, zone)}, ${zone}`), figures);
    assert.match(shown(account.resetsAt, zone), /00:00:00$/);
    assert.deepEqual(page.faults, []);
  });
}

test("a schedule keeps its moment on the days on which clocks change", async () => {
  await setZone("Europe/Berlin");
  const moments = ["2027-03-28T00:59:00.000Z", "2027-03-28T01:00:00.000Z", "2027-10-31T00:30:00.000Z", "2027-10-31T02:00:00.000Z"];
  for (const [index, scheduledStartAt] of moments.entries()) {
    const slug = `clock-${index}`;
    await must(server, handle, "PUT", `links/${slug}`, { destinationUrl: "https://example.com/", scheduledStartAt });
    await open(page, server, `${handle}/attribution/links/${slug}/edit`);
    await fill(page, "Title", "touched");
    const local = await page.$$eval("input[type=datetime-local]", (all) => all[0].value);
    assert.equal(local, ["2027-03-28T01:59", "2027-03-28T03:00", "2027-10-31T02:30", "2027-10-31T03:00"][index]);
    await press(page, "Save");
    await page.waitForFunction((path) => location.pathname.endsWith(path), {}, `/links/${slug}`);
    const { body } = await server.api("GET", `links/${slug}`, undefined, { handle });
    assert.deepEqual([body.title, Date.parse(body.scheduledStartAt)], ["touched", Date.parse(scheduledStartAt)]);
  }
  assert.deepEqual(page.faults, []);
});

test("amounts in JPY, KWD and of twelve digits are exact, on the screen and after an adjustment", async () => {
  const amounts = [["jpy", "123456789012", "JPY", "¥123,456,789,012"], ["kwd", "987654321098.765", "KWD", "KWD 987,654,321,098.765"], ["eur", "999999999999.99", "EUR", "€999,999,999,999.99"]];
  const ids = [];
  for (const [key, value, currency] of amounts) {
    const ctx = await click(server, handle, "dated");
    ids.push((await order(server, ctx, key, { value, currency })).conversionId);
  }
  await go(page, `${handle}/attribution/conversions`);
  const plain = (text) => text.replace(/\s/g, " ");
  const rows = await eventually("three rows", async () => {
    const cells = await page.$$eval('table[aria-label=Conversions] tbody td[data-name="Value"]', (all) => all.map((cell) => cell.innerText));
    return cells.length === 3 && cells.map(plain).sort();
  });
  assert.deepEqual(rows, amounts.map(([, , , text]) => text).sort());
  await go(page, `${handle}/attribution/conversions/${ids[1]}`);
  await fill(page, "Amount in KWD", "-0.001");
  await fill(page, "Reason", "one fils");
  await press(page, "Append");
  await eventually("the net", async () => plain(await textOf(page, ".page")).includes("net KWD 987,654,321,098.764"));
  const answer = await fetch(`${server.origin}/v2/handles/${handle}/conversions/${ids[1]}`, { headers: { authorization: `Bearer ${server.tokens.JWT_TOKEN}` } });
  assert.match(await answer.text(), /"netValue":987654321098\.764\b/);
  assert.deepEqual(page.faults, []);
});
