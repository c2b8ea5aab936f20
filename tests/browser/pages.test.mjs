// Every HTML page that links show, in Chromium and in Firefox, and through them to the merchant's page on another origin.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { BROWSERS, LocalServer, eventually, launch, merchant, visitor } from "./server.mjs";

const PASSWORD = "open sesame";
const text = (page, selector = "h1") => page.$eval(selector, (element) => element.textContent);

/** Types a password into the page and waits for the page that follows. */
async function unlock(page, password) {
  await page.type("input[name=password]", password);
  await Promise.all([page.waitForNavigation(), page.click("button")]);
}

for (const name of BROWSERS) describe(name, () => {
  let server, shop, browser, page;
  let visitors = 0;
  before(async () => {
    server = await LocalServer.start();
    shop = await merchant(server.api);
    browser = await launch(name);
  });
  after(async () => {
    await browser?.close();
    shop?.server.close();
    await server?.close();
  });

  /** Writes a link to the merchant's page, and returns its address. */
  const link = async (slug, settings = {}) => {
    const { status } = await server.write(`links/${slug}`, { destinationUrl: `${shop.origin}/plain?a=1`, ...settings });
    assert.ok([200, 201].includes(status), `${slug}: ${status}`);
    return `http://demo.localhost:${server.port}/${slug}`;
  };
  /** The visitor is at the merchant's page, with a ctx that the API knows as a click on this link. */
  const assertArrived = async (slug) => {
    await eventually("the merchant's page", async () => page.url().startsWith(`${shop.origin}/plain?a=1&ctx=`));
    assert.equal(await page.evaluate(() => document.body.textContent.trim()), "plain");
    const ctx = new URL(page.url()).searchParams.get("ctx");
    const context = await (await fetch(`${server.api}/v2/public/context?ctx=${ctx}`)).json();
    assert.deepEqual([context.valid, context.slug], [true, slug]);
    assert.deepEqual(page.errors, [], "no policy was violated");
  };
  const inTab = (title, run) =>
    test(title, async () => {
      page = await visitor(browser, server);
      // Attempts at passwords are limited by address.
      await page.setExtraHTTPHeaders({ "cloudfront-viewer-address": `100.64.0.${(visitors += 1)}:443` });
      try {
        await run();
      } finally {
        await page.browserContext().close();
      }
    });

  inTab("a redirect leads to the merchant's page", async () => {
    await page.goto(await link("plain-link"));
    await assertArrived("plain-link");
  });

  inTab("the right password leads to the merchant's page, a wrong one to the form again", async () => {
    const address = await link("with-password", { password: PASSWORD });
    await page.goto(address);
    assert.equal(await text(page), "This link needs a password");
    await unlock(page, "wrong");
    assert.deepEqual([page.url(), await text(page, "[role=alert]")], [address, "The password is wrong."]);
    await unlock(page, PASSWORD);
    await assertArrived("with-password");
  });

  inTab("the password is asked for on the address without wildcard names, too", async () => {
    await link("with-password-2", { password: PASSWORD });
    await page.goto(`${server.api}/_edge/redirect/demo/with-password-2`);
    await unlock(page, PASSWORD);
    await assertArrived("with-password-2");
  });

  inTab("a merchant who redirects again is reached through the password page", async () => {
    await page.goto(await link("with-hops", { password: PASSWORD, destinationUrl: `${shop.origin}/hop?to=/plain%3Fa=1%26ctx=x` }));
    await unlock(page, PASSWORD);
    await eventually("the merchant's page", async () => page.url() === `${shop.origin.replace("127.0.0.1", "localhost")}/plain?a=1&ctx=x`);
    assert.deepEqual(page.errors, []);
  });

  inTab("a password link in bridge mode leads through both pages", async () => {
    await page.goto(await link("with-both", { password: PASSWORD, trackingPolicy: { mode: "BRIDGE" } }));
    await unlock(page, PASSWORD);
    await assertArrived("with-both");
  });

  inTab("a bridge page leads to the merchant's page by itself and by its link", async () => {
    await page.goto(await link("bridge", { trackingPolicy: { mode: "BRIDGE" } }));
    await assertArrived("bridge");
    // The link, where a visitor has forbidden pages to forward them.
    const markup = await (await server.visit("bridge")).text();
    const [, href] = /<a href="([^"]*)"/.exec(markup);
    assert.ok(href.startsWith(`${shop.origin}/plain?a=1&amp;ctx=`), href);
  });

  inTab("too many wrong passwords lead to a page that says so", async () => {
    await page.goto(await link("guessed", { password: PASSWORD }));
    for (let guess = 0; (await text(page)) !== "Too many attempts"; guess += 1) {
      assert.ok(guess < 10, "guesses are not limited");
      await unlock(page, "wrong");
    }
    assert.deepEqual(page.errors, []);
  });

  inTab("a link that does not lead on shows a page that says so", async () => {
    const yesterday = new Date(Date.now() - 86_400_000).toISOString();
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    const cases = [
      [await link("expired", { expiresAt: yesterday }), 410, "This link has ended"],
      [await link("used-up", { maxClicks: 1 }), 410, "This link has ended"],
      [await link("not-yet", { scheduledStartAt: tomorrow }), 404, "Link not found"],
      [`http://demo.localhost:${server.port}/nothing-here`, 404, "Link not found"],
      [`http://demo.localhost:${server.port}/nothing-here/`, 404, "Link not found"],
    ];
    await page.goto(cases[1][0]);
    await assertArrived("used-up");
    for (const [address, status, title] of cases) {
      const answer = await page.goto(address);
      assert.deepEqual([address, answer.status(), await text(page)], [address, status, title]);
      assert.equal(await page.evaluate(() => getComputedStyle(document.body).maxWidth), "448px", "the page has its style");
    }
    assert.deepEqual(page.errors, []);
  });

  inTab("a fallback address is followed, with and without a password", async () => {
    const settings = { expiresAt: new Date(Date.now() - 1000).toISOString(), fallbackUrl: `${shop.origin}/plain?fallback` };
    await page.goto(await link("fallback", settings));
    assert.equal(page.url(), `${shop.origin}/plain?fallback`);
    // The link ends while the form is open.
    const address = await link("ending", { password: PASSWORD });
    await page.goto(address);
    await link("ending", { password: PASSWORD, ...settings });
    await eventually("the end", async () => (await server.visit("ending")).status === 302);
    await unlock(page, PASSWORD);
    await eventually("the fallback", async () => page.url() === `${shop.origin}/plain?fallback`);
    assert.deepEqual(page.errors, []);
  });

  inTab("a form that is not taken shows a page that says so", async () => {
    const address = await link("no-longer", { password: PASSWORD });
    await page.goto(address);
    await link("no-longer", { password: null });
    await eventually("the password is gone", async () => (await server.visit("no-longer")).status === 302);
    await unlock(page, PASSWORD);
    assert.equal(await text(page), "This did not work");
    assert.deepEqual(page.errors, []);
  });

  inTab("a service that fails shows a page that says so", async () => {
    await server.breakTable();
    const answer = await page.goto(`http://demo.localhost:${server.port}/never-read`);
    assert.ok(answer.status() >= 500, String(answer.status()));
    assert.equal(await text(page), "Try again shortly");
    assert.deepEqual(page.errors, []);
  });
});
