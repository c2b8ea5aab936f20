// Every table and chart of every page shows the API request that it comes from, and the page really made it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { environment, go, HANDLE, open, tab } from "./harness.mjs";
import { PAGES } from "./pages.mjs";

let server, browser;
environment({}, (env) => ({ server, browser } = env));

/** What a button of the page will ask for, and has not asked for yet. */
const LATER = /\/(analytics|privacy)\/export$/;
/** What explains the console itself, and comes from no request. */
const EXPLAINS = ["Plans", "Roles", "Scopes"];

/** The tables and charts that have no button for their request within their card. */
function without(explains) {
  const labelled = (element) => element.querySelector('button[aria-label="API request"]') !== null;
  return [...document.querySelectorAll("main .table, main figure.chart")]
    .filter((shown) => shown.checkVisibility() && !explains.includes(shown.getAttribute("aria-label")))
    .filter((shown) => ![shown.closest(".table-box"), shown.closest(".card")].some((box) => box && labelled(box)))
    .map((shown) => shown.getAttribute("aria-label") ?? shown.innerText.slice(0, 40));
}

const BUTTON = 'main button[aria-label="API request"]';

test("every table and chart shows a request that the page made, and that anyone with a token can repeat", async (t) => {
  const page = await tab(browser, server);
  await open(page, server, `${HANDLE}/${PAGES[0]}`);
  let repeated = 0;
  for (const place of PAGES) {
    await t.test(place, async () => {
      await go(page, `${HANDLE}/${place}`);
      assert.deepEqual(await page.evaluate(without, EXPLAINS), [], "tables and charts without their request");
      // A dialog that the address opened has nothing to do with it.
      for (let tries = 0; (await page.$("[role=dialog]")) && tries < 5; tries++) await page.keyboard.press("Escape").then(() => new Promise((resolve) => setTimeout(resolve, 100)));
      for (let index = 0; index < (await page.$$(BUTTON)).length; index++) {
        await (await page.$$(BUTTON))[index].evaluate((button) => button.click());
        const commands = await page.waitForSelector("[role=dialog] pre").then(() => page.$$eval("[role=dialog] pre", (all) => all.map((pre) => pre.innerText)));
        for (const command of commands) {
          assert.match(command, /^curl -sS /);
          const [, verb = "GET", address] = /^curl -sS (?:-X (\w+) )?'([^']+)'/.exec(command);
          if (verb !== "GET") continue;
          assert.ok(command.includes('-H "authorization: Bearer $TOKEN"'), command);
          const { pathname, search } = new URL(address);
          assert.ok(LATER.test(pathname) || page.calls.includes(`GET ${pathname}${search}`), `${pathname}${search} was not asked for by the page`);
          const answer = await fetch(address, { headers: { authorization: `Bearer ${server.tokens.JWT_TOKEN}` } });
          assert.ok(answer.ok || answer.status === 404, `${address}: ${answer.status}`);
          repeated += 1;
        }
        // A key goes to where the focus is: it moves into the dialog after that is drawn.
        await page.waitForFunction(() => document.activeElement?.closest("[role=dialog]"));
        await page.keyboard.press("Escape");
        await page.waitForFunction(() => !document.querySelector("[role=dialog]"));
      }
      assert.deepEqual(page.faults, []);
    });
  }
  assert.ok(repeated > PAGES.length, `${repeated} requests were repeated`);
});
