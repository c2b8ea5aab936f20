// Versions of a link: two people who edit it at once, and the way back to an earlier one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { environment, eventually, fill, HANDLE, open, press, settled, textOf } from "./harness.mjs";

let server, page;
environment({ tabs: true }, (env) => ({ server, page } = env));

const slug = () => `t-${Math.random().toString(36).slice(2, 10)}`;

test("two people edit one link: both changes stay", async () => {
  const name = slug();
  await server.api("PUT", `links/${name}`, { destinationUrl: "https://example.com/", title: "old", tags: ["a"] });
  await open(page, server, `${HANDLE}/attribution/links/${name}/edit`);
  await fill(page, "Title", "mine");
  await server.api("PUT", `links/${name}`, { destinationUrl: "https://example.com/", title: "old", tags: ["a", "theirs"] });
  await press(page, "Save");
  await press(page, "Merge, then save");
  await page.waitForFunction(() => !document.querySelector("[role=dialog]"));
  await press(page, "Save");
  await page.waitForFunction((path) => location.pathname.endsWith(path), {}, `/links/${name}`);
  const { body } = await server.api("GET", `links/${name}`);
  assert.deepEqual([body.title, body.tags], ["mine", ["a", "theirs"]]);
  await press(page, "History");
  await settled(page);
  assert.equal((await page.$$(".version")).length, 3);
});

test("a rollback shows what it changes, and becomes a version like the one it goes back to", async () => {
  const name = slug();
  await server.api("PUT", `links/${name}`, { destinationUrl: "https://example.com/before", title: "one" });
  await server.api("PUT", `links/${name}`, { destinationUrl: "https://example.com/after", title: "two" });
  await open(page, server, `${HANDLE}/attribution/links/${name}/history`);
  assert.match(await textOf(page, ".version"), /Version 2\s+now[\s\S]*example\.com\/before https:\/\/example\.com\/after/);
  await press(page, "Roll back");
  const dialog = await eventually("the question", () => textOf(page, "[role=dialog]"));
  assert.match(dialog, /Back to version 1\?[\s\S]*costs one write[\s\S]*example\.com\/after https:\/\/example\.com\/before[\s\S]*two one/);
  const before = (await server.api("GET", "usage-meters")).body.usage.writesToday;
  await press(page, "Cancel");
  await page.waitForFunction(() => !document.querySelector("[role=dialog]"));
  assert.equal((await server.api("GET", `links/${name}`)).body.version, 2, "cancelled");
  await press(page, "Roll back");
  await page.waitForSelector("[role=dialog]");
  await press(page, "Roll back");
  await page.waitForSelector("::-p-text(Version 3 is like version 1.)");
  await eventually("three versions", async () => (await page.$$(".version")).length === 3);
  assert.match(await textOf(page, ".version"), /Version 3\s+now[\s\S]*example\.com\/after https:\/\/example\.com\/before/);
  const { body } = await server.api("GET", `links/${name}`);
  assert.deepEqual([body.version, body.destinationUrl, body.title], [3, "https://example.com/before", "one"]);
  assert.equal((await server.api("GET", "usage-meters")).body.usage.writesToday, before + 1, "one write");
  assert.ok((await server.visit(name)).startsWith("https://example.com/before"), "visitors are sent back too");
  // Someone else was faster: nothing is written over.
  await server.api("PUT", `links/${name}`, { destinationUrl: "https://example.com/theirs" });
  await press(page, "Roll back");
  await page.waitForSelector("[role=dialog]");
  await press(page, "Roll back");
  await page.waitForSelector("[role=dialog] [role=alert]");
  assert.equal((await server.api("GET", `links/${name}`)).body.destinationUrl, "https://example.com/theirs");
});
