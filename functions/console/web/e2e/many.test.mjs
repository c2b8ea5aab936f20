// Many links: pasted, corrected and sent again; columns, the days of a row, and saved visitors, which stay in the browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { environment, eventually, fill, go, HANDLE, open, press, settled, textOf } from "./harness.mjs";

let server, page;
environment({ tabs: true }, (env) => ({ server, page } = env));

const random = () => Math.random().toString(36).slice(2, 8);
const results = () => page.$$eval('table[aria-label="Links to create"] tbody tr', (rows) => rows.map((row) => row.querySelector('[data-name="Result"]').innerText.split("\n")[0]));
const writes = async () => (await server.api("GET", "usage-meters")).body.usage.writesToday;

test("pasted lines become links: refused ones are corrected and sent again, none replaces another, and each costs one write", async () => {
  const [first, second] = [`m-${random()}`, `m-${random()}`];
  const { body: there } = await server.api("GET", "links/boots");
  const before = await writes();
  await open(page, server, `${HANDLE}/attribution/links`);
  await press(page, "Several links");
  await page.waitForSelector("textarea");
  await page.focus("textarea");
  const lines = [`${first} https://example.com/first`, "https://example.com/random", "boots https://example.com/mine", `${second} https://user:secret@example.com/`, "x https://example.com/short"];
  for (const line of lines) {
    await page.keyboard.type(line);
    await page.keyboard.press("Enter");
  }
  await page.waitForSelector("::-p-text(5 writes,)");
  await press(page, "Check 5 links");
  await page.waitForSelector("::-p-text(1 line must be corrected first.)");
  await fill(page, "Slug of line 5", `m-${random()}`);
  await press(page, "Create 5 links");
  await page.waitForSelector("::-p-text(3 links created, 2 refused: correct them and send them again.)");
  const outcome = await results();
  assert.deepEqual([outcome[0], outcome[1], outcome[4]], ["Created", "Created", "Created"]);
  assert.match(outcome[2], /There is a link with this slug already/);
  assert.match(outcome[3], /^destinationUrl: /);
  assert.equal(await writes(), before + 3, "what was refused costs nothing");
  assert.deepEqual((await server.api("GET", "links/boots")).body, there, "the link that was there is as it was");
  await fill(page, "Slug of line 3", `m-${random()}`);
  await fill(page, "Destination of line 4", "https://example.com/second");
  await press(page, "Send the 2 links again");
  await page.waitForSelector("::-p-text(5 links created.)");
  assert.equal(await writes(), before + 5);
  for (const [slug, destination] of [[first, "https://example.com/first"], [second, "https://example.com/second"]]) {
    assert.equal((await server.api("GET", `links/${slug}`)).body.destinationUrl, destination);
  }
});

test("columns are chosen by keyboard, and stay chosen in this browser", async () => {
  const names = () => page.$$eval("table[aria-label=Links] thead th", (heads) => heads.map((head) => head.innerText.trim()).filter(Boolean));
  await open(page, server, `${HANDLE}/attribution/links`);
  const all = await names();
  assert.ok(all.includes("Bots"));
  await page.evaluate(() => [...document.querySelectorAll("button")].find((button) => button.innerText === "Columns").focus());
  await page.keyboard.press("Enter");
  await page.waitForSelector(".popup input[type=checkbox]");
  await page.evaluate(() => [...document.querySelectorAll(".popup label")].find((label) => label.innerText === "Bots").querySelector("input").focus());
  await page.keyboard.press("Space");
  await page.keyboard.press("Escape");
  await eventually("one column less", async () => (await names()).length === all.length - 1);
  await page.reload();
  await page.waitForSelector("table[aria-label=Links]");
  await settled(page);
  assert.deepEqual(await names(), all.filter((name) => name !== "Bots"));
});

test("the days of a row are read when it is pointed at, in one request of that row alone", async () => {
  await open(page, server, `${HANDLE}/attribution/links`);
  const asked = () => page.calls.filter((call) => call.includes("groupBy=day"));
  assert.deepEqual(asked(), []);
  const name = await page.$(".row-name");
  const slug = await page.$eval("tbody tr", (row) => row.dataset.key);
  await name.hover();
  await page.waitForSelector("[role=tooltip] path");
  const { totals } = (await server.api("GET", `analytics?groupBy=day&slug=${slug}`)).body;
  assert.match(await textOf(page, "[role=tooltip]"), new RegExp(`${slug}: 30 days, ${totals.qualifiedClicks.toLocaleString("en")} clicks of people`));
  assert.equal(asked().length, 1);
  await page.mouse.move(4, 4);
  await eventually("hidden", async () => (await page.$("[role=tooltip]")) === null);
  await page.keyboard.press("Tab");
  await page.focus(".row-name");
  await page.waitForSelector("[role=tooltip]");
  assert.equal(await page.$eval(".row-name", (link) => link.getAttribute("aria-describedby")), await page.$eval("[role=tooltip]", (tip) => tip.id));
  await page.keyboard.press("Escape");
  await eventually("hidden by Esc", async () => (await page.$("[role=tooltip]")) === null);
});

test("a visitor of the preview is saved under a name, comes back after a reload, and is removed", async () => {
  await open(page, server, `${HANDLE}/attribution/links/summer-sale/edit`);
  const country = () => page.$$eval("input", (all) => all.find((input) => input.labels?.[0]?.innerText === "Country")?.value);
  await fill(page, "Country", "Japan");
  await page.waitForSelector(".visitor ::-p-text(Japan)");
  await fill(page, "Source", "email");
  await press(page, "Save this visitor");
  await fill(page, "Name", "Readers in Japan");
  await press(page, "Save");
  await page.waitForFunction(() => !document.querySelector("[role=dialog]"));
  await page.reload();
  await page.waitForSelector(".saved-visitors");
  await settled(page);
  assert.equal(await country(), "");
  await press(page, "Readers in Japan");
  await eventually("the visitor", async () => (await country()) === "JP");
  assert.ok(new URL(page.url()).pathname.endsWith("/edit"), "the link is not saved by it");
  await go(page, `${HANDLE}/attribution/rules`);
  await press(page, "Remove");
  await press(page, "Remove Readers in Japan");
  await page.keyboard.press("Escape");
  await eventually("removed", async () => (await page.$(".saved-visitors")) === null);
  assert.equal(await page.evaluate(() => localStorage.getItem("visitors")), null);
});

test("the rules of a link can be read at 360 px: a sentence has most of the width", async () => {
  await open(page, server, `${HANDLE}/attribution/links/summer-sale/edit`);
  await page.setViewport({ width: 360, height: 740 });
  await page.waitForSelector(".rule .grip");
  const widths = await page.$$eval(".rule:has(.grip) p:first-child", (all) => all.map((sentence) => sentence.getBoundingClientRect().width));
  assert.ok(widths.length > 0 && widths.every((width) => width > 240), widths.join());
});
