// Every page at 200 %, in forced colours, with reduced motion, and on paper; in one pass, so that it stays short.
import assert from "node:assert/strict";
import { test } from "node:test";
import { environment, go, HANDLE, open, tab } from "./harness.mjs";
import { PAGES } from "./pages.mjs";

let server, browser;
environment({}, (env) => ({ server, browser } = env));

/** Remembers what is drawn by a ground alone: bars, marks, switches. */
function remember() {
  const visible = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && element.getBoundingClientRect().width >= 3 && element.getBoundingClientRect().height >= 3;
  const drawn = (element) => {
    const { backgroundColor, backgroundImage } = getComputedStyle(element);
    return backgroundImage !== "none" || !/^rgba\(.*, 0\)$|^transparent$/.test(backgroundColor);
  };
  const empty = (element) => !element.childElementCount && !element.textContent.trim() && !element.closest("svg, [hidden]") && !/^(INPUT|TEXTAREA|CANVAS|METER|PROGRESS)$/.test(element.tagName);
  globalThis.drawn = [...document.body.querySelectorAll("*")].filter((element) => empty(element) && visible(element) && drawn(element));
}

/** What of it cannot be seen in forced colours: its ground is the canvas, and it has no edge. */
function vanished() {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.backgroundColor = "Canvas";
  const canvas = getComputedStyle(probe).backgroundColor;
  probe.remove();
  return globalThis.drawn.filter((element) => {
    const { backgroundColor, borderTopWidth, borderBlockStartStyle, outlineStyle } = getComputedStyle(element);
    const edge = (borderBlockStartStyle !== "none" && borderTopWidth !== "0px") || outlineStyle !== "none";
    return !edge && (backgroundColor === canvas || /^rgba\(.*, 0\)$/.test(backgroundColor));
  }).map((element) => `${element.tagName}.${element.className}`);
}

/** What is chosen, but in forced colours looks like the others beside it. */
function alike() {
  const look = (element) => {
    const { outlineStyle, outlineColor, borderBlockEndColor, backgroundColor, color } = getComputedStyle(element);
    return [outlineStyle, outlineColor, borderBlockEndColor, backgroundColor, color].join();
  };
  return [...document.querySelectorAll("nav [aria-current], .segment[aria-pressed=true], .bar-row[aria-pressed=true]")].filter((chosen) => {
    const other = [...(chosen.closest("nav, ul, [role=group]")?.querySelectorAll(`.${chosen.classList[0]}`) ?? [])].find((each) => !each.matches("[aria-current], [aria-pressed=true]"));
    return other && look(other) === look(chosen);
  }).map((element) => element.innerText);
}

/** What moves by itself. */
function moving() {
  const lasts = (durations) => durations.split(", ").some((duration) => parseFloat(duration) > 0);
  return [...document.querySelectorAll("*")].filter((element) => {
    const { transitionDuration, animationName, animationDuration } = getComputedStyle(element);
    return lasts(transitionDuration) || (animationName !== "none" && lasts(animationDuration));
  }).map((element) => `${element.tagName}.${element.className}`);
}

/** What is wrong on paper: the frame is on it, a table or code is cut off, or a link is not to be seen. */
function unprintable() {
  const faults = [...document.querySelectorAll(".top, .rail")].filter((element) => element.checkVisibility()).map((element) => `${element.className} is printed`);
  const right = document.documentElement.clientWidth;
  for (const box of document.querySelectorAll("main .table-scroll, main pre")) {
    if (!box.checkVisibility()) continue;
    if (box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== "visible") faults.push(`${box.className || box.tagName} is cut off`);
    if ([box, ...box.querySelectorAll("table")].some((part) => part.getBoundingClientRect().right > right + 1)) faults.push(`${box.className || box.tagName} is wider than the page`);
  }
  for (const table of document.querySelectorAll("main .table")) {
    if (getComputedStyle(table.tHead).display !== "table-header-group") faults.push("a table has no heads");
  }
  for (const link of document.querySelectorAll("main a[href]")) {
    if (link.checkVisibility() && link.innerText.trim() && !link.matches(".button, .tab") && !getComputedStyle(link).textDecorationLine.includes("underline")) faults.push(`the link ${link.innerText} is not seen`);
  }
  return [...new Set(faults)];
}

test("every page at 200 %, in forced colours, with reduced motion, and on paper", async (t) => {
  const page = await tab(browser, server, { width: 640, height: 450, deviceScaleFactor: 2 });
  const session = await page.createCDPSession();
  const emulate = (media, features = {}) => session.send("Emulation.setEmulatedMedia", { media, features: Object.entries(features).map(([name, value]) => ({ name, value })) });
  await open(page, server, `${HANDLE}/${PAGES[0]}`);
  for (const place of PAGES) {
    await t.test(place, async () => {
      page.faults.length = 0;
      await page.setViewport({ width: 640, height: 450, deviceScaleFactor: 2 });
      await emulate("");
      await go(page, `${HANDLE}/${place}`);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, "scrolls sideways at 200 %");
      await page.evaluate(remember);
      await emulate("", { "forced-colors": "active" });
      assert.equal(await page.evaluate(() => matchMedia("(forced-colors: active)").matches), true);
      assert.deepEqual(await page.evaluate(vanished), [], "not seen in forced colours");
      assert.deepEqual(await page.evaluate(alike), [], "chosen, but like the others in forced colours");
      await emulate("", { "prefers-reduced-motion": "reduce" });
      assert.deepEqual(await page.evaluate(moving), [], "moves");
      // The width of A4 within its margins.
      await page.setViewport({ width: 718, height: 1000 });
      await emulate("print");
      assert.deepEqual(await page.evaluate(unprintable), [], "on paper");
      assert.deepEqual(page.faults, []);
    });
  }
});
