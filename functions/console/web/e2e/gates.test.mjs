// On every page, in light and dark: no finding of axe, no violation of the policy, no error, no request elsewhere, no sideways scroll at 360 px.
import assert from "node:assert/strict";
import { test } from "node:test";
import { findings } from "./axe.mjs";
import { environment, go, HANDLE, open, tab } from "./harness.mjs";
import { PAGES } from "./pages.mjs";

let server, browser;
environment({}, (env) => ({ server, browser } = env));

for (const theme of ["light", "dark"]) {
  test(`every page in ${theme}`, async (t) => {
    const page = await tab(browser, server, { theme });
    await open(page, server, `${HANDLE}/${PAGES[0]}`);
    for (const place of PAGES) {
      await t.test(place, async () => {
        page.faults.length = 0;
        await page.setViewport({ width: 1280, height: 900 });
        await go(page, `${HANDLE}/${place}`);
        assert.deepEqual(await findings(page), []);
        await page.setViewport({ width: 360, height: 740 });
        await new Promise((resolve) => setTimeout(resolve, 150));
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(wider, 0, "scrolls sideways at 360 px");
        assert.deepEqual(await findings(page), [], "at 360 px");
        assert.deepEqual(page.faults, []);
      });
    }
  });
}
