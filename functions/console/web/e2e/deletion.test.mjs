// A handle is deleted by its owner, who types it, and restored with everything it had.
import assert from "node:assert/strict";
import { test } from "node:test";
import { findings } from "./axe.mjs";
import { environment, fill, go, open, press, settled, tab, textOf } from "./harness.mjs";
import { must, newHandle } from "./world.mjs";

let server, browser, page;
environment({ month: false, tabs: true }, (env) => ({ server, browser, page } = env));

test("a handle is deleted once it is typed, says so on every page, and is restored by its owner", async () => {
  const handle = await newHandle(server);
  await must(server, handle, "PUT", "links/first", { destinationUrl: "https://example.com/" });
  await must(server, handle, "PUT", "collaborators", { collaborators: [{ userId: "demo-creator", role: "CREATOR" }] });
  await open(page, server, `${handle}/settings/collaborators`);
  await press(page, "Delete the handle");
  await fill(page, "Type the handle", handle.slice(0, -1));
  assert.ok(await page.$eval("[role=dialog] button[type=submit]", (button) => button.disabled), "half a name deletes nothing");
  await fill(page, "Type the handle", handle);
  await press(page, "Delete");
  await page.waitForSelector("::-p-text(It can be restored until)");
  await settled(page);
  assert.deepEqual(await findings(page), []);
  await go(page, `${handle}/attribution/links`);
  assert.match(await textOf(page, ".page"), new RegExp(`${handle} is deleted`));
  assert.equal((await server.api("GET", "links", undefined, { handle })).status, 404);

  const other = await tab(browser, server);
  await open(other, server, `${handle}/overview`, "demo-creator");
  assert.match(await textOf(other, ".page"), /Its owner can restore it/);
  assert.ok(!(await textOf(other, ".page")).includes("Restore it"), "only the owner can");
  assert.deepEqual(other.faults, []);
  await other.browserContext().close();

  await press(page, "Restore it");
  await page.waitForSelector("table[aria-label=Links] ::-p-text(first)");
  assert.equal((await server.api("GET", "links/first", undefined, { handle })).status, 200);
});
