// An export of several pages is one file, the same to the byte as the one that the command line writes.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { environment, eventually, go, open, prepare, press, tab, textOf } from "./harness.mjs";
import { counted, downloads, must, newHandle } from "./world.mjs";

const CLICKS = 4_200;
const DATA = process.env.DATA;

let server, browser, page, handle, folder;
environment({ month: false }, (env) => ({ server, browser } = env));

/** Follows the link so often; agents with many quotes make rows that fill a page soon. */
async function visits(count) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 24 });
  const { port } = new URL(server.origin);
  const one = (n) => new Promise((resolve, reject) => {
    const headers = { "user-agent": `Mozilla/5.0 (X11; Linux x86_64) ${'"'.repeat(470)}`, "accept-language": "en", "cloudfront-viewer-address": `${20 + (n % 200)}.${n >> 8}.${n % 250}.7:443` };
    http.get({ agent, port, host: "localhost", path: `/_edge/redirect/${handle}/many-rows`, headers }, (answer) => answer.resume().on("end", resolve)).on("error", reject);
  });
  let next = 0;
  await Promise.all(Array.from({ length: 24 }, async () => {
    while (next < count) await one(next++);
  }));
  agent.destroy();
}

prepare(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "export-"));
  handle = await newHandle(server);
  await must(server, handle, "PUT", "links/many-rows", { destinationUrl: "https://example.com/" });
  await visits(CLICKS);
  await counted(server, handle, { clicks: CLICKS, conversions: 0 });
  page = await tab(browser, server);
  await downloads(page, folder);
  await open(page, server, `${handle}/attribution/exports?type=clicks&range=today`);
});
after(() => folder && rmSync(folder, { recursive: true }));

for (const format of ["csv", "json"]) {
  test(`three pages of ${format} are one file`, async () => {
    await go(page, `${handle}/attribution/exports?type=clicks&range=today&format=${format}`);
    assert.match(await textOf(page, ".page"), new RegExp(`About ${CLICKS.toLocaleString("en")} rows`));
    page.calls.length = 0;
    await press(page, "Export");
    await page.waitForSelector("::-p-text(Saved 4,200 rows in)", { timeout: 30_000 });
    const pages = page.calls.filter((call) => call.includes("/analytics/export?")).length;
    assert.ok(pages >= 3, `${pages} pages`);
    const today = new Date().toISOString().slice(0, 10);
    const file = path.join(folder, `${handle}-clicks-${today}-${today}.${format}`);
    await eventually("the file", async () => existsSync(file));
    const other = path.join(folder, `other.${format}`);
    const command = ["export", "--data", server.data ?? DATA, "--handle", handle, "--type", "clicks", "--format", format, "--from", today, "--to", today, "--out", other];
    const { status, stderr } = spawnSync(process.env.LOCAL, command);
    assert.equal(status, 0, String(stderr));
    assert.ok(readFileSync(file).equals(readFileSync(other)), "the same bytes");
    assert.deepEqual(page.faults, []);
  });
}

test("an export that is stopped saves nothing", async () => {
  await go(page, `${handle}/attribution/exports?type=clicks&range=7d`);
  // The first page waits until the stop was pressed.
  await page.setRequestInterception(true);
  const held = [];
  const hold = (request) => (request.url().includes("/analytics/export?") ? held.push(request) : request.continue());
  page.on("request", hold);
  await press(page, "Export");
  await eventually("the request", async () => held.length === 1);
  await press(page, "Stop");
  await page.waitForSelector("::-p-text(Nothing was saved)");
  page.off("request", hold);
  await page.setRequestInterception(false);
  assert.equal((await textOf(page, ".page")).includes("Saved"), false);
});
