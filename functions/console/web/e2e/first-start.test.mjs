// The first start of the local server: the demo month is made in the background, and the empty overview says so.
import assert from "node:assert/strict";
import { test } from "node:test";
import { environment, open, settled, textOf } from "./harness.mjs";

let server, page;
environment({ month: false, bare: false, tabs: true }, (env) => ({ server, page } = env));

test("the overview of demo says that acme is being filled, and leads to it once it is there", async () => {
  await open(page, server, "demo/overview");
  await page.waitForSelector("::-p-text(The handle acme is being filled with a month of demo data)");
  assert.doesNotMatch(await textOf(page, ".empty"), /Go to acme/);
  // The month takes minutes; a handle of its name is seen in the same way.
  const answer = await fetch(`${server.origin}/v2/handles`, {
    method: "POST", headers: { authorization: `Bearer ${server.tokens.JWT_TOKEN}`, "content-type": "application/json" }, body: JSON.stringify({ handle: "acme" }),
  });
  assert.equal(answer.status, 201);
  await page.reload();
  await page.waitForSelector("::-p-text(The handle acme has a month of demo data to look at)");
  await settled(page);
  assert.equal(await page.$eval(".empty a[href$='/acme/overview']", ({ innerText }) => innerText), "Go to acme");
});
