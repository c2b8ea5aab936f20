// A local server with a small demo month, and browsers that are signed in at its console.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, afterEach, before, beforeEach } from "node:test";
import puppeteer from "puppeteer-core";
import { AGENT, eventually, freePort, launchOptions } from "../../../../tests/browser/support.mjs";

export { AGENT, eventually };

const { LOCAL } = process.env;

export const HANDLE = "acme";

async function finished(process, what) {
  const [status] = await once(process, "close");
  if (status !== 0) throw new Error(`${what} ended with ${status}`);
}

/** The server, with a demo month of so many clicks, and without the one that a first start makes unless it is not `bare`; CONSOLE_ORIGIN and ENV_FILE name one that runs already. */
export class Server {
  static async start({ plan = "ENTERPRISE", month = true, bare = true } = {}) {
    const server = new Server();
    if (process.env.CONSOLE_ORIGIN) {
      server.origin = process.env.CONSOLE_ORIGIN;
      server.readEnv(process.env.ENV_FILE);
      return server;
    }
    server.folder = mkdtempSync(path.join(os.tmpdir(), "console-"));
    server.data = path.join(server.folder, "data");
    server.plan = plan;
    server.bare = bare;
    [server.port, server.shopPort] = [await freePort(), await freePort()];
    server.origin = `http://localhost:${server.port}`;
    try {
      await server.open();
      if (month) await server.fill(month === true ? 1_500 : month);
    } catch (error) {
      // Left alone it would keep the file from ending.
      await server.close();
      throw error;
    }
    return server;
  }

  async fill(clicks) {
    const fill = spawn(LOCAL, ["fill", "--clicks", String(clicks), "--handle", HANDLE, "--replace", "--data", this.data], { stdio: ["ignore", "ignore", "inherit"] });
    await finished(fill, "fill");
  }

  async open() {
    const env = path.join(this.folder, "env");
    const options = ["--port", this.port, "--shop-port", this.shopPort, "--data", this.data, "--env-file", env, "--plan", this.plan, ...(this.bare ? ["--bare"] : [])];
    this.process = spawn(LOCAL, [...options, "--public-rpm", 1_000_000, "--trust-viewer-address"].map(String), { stdio: "ignore" });
    await eventually("the server answers", async () => (await fetch(`${this.origin}/v2/system/health`)).ok);
    this.readEnv(env);
  }

  readEnv(file) {
    this.tokens = Object.fromEntries([...readFileSync(file, "utf8").matchAll(/export (\w+)='(.*)'/g)].map(([, name, value]) => [name, value]));
  }

  /** Calls the API as the owner. */
  async api(verb, resource, body, { handle = HANDLE, headers = {} } = {}) {
    const answer = await fetch(`${this.origin}/v2/handles/${handle}/${resource}`, {
      method: verb,
      headers: { authorization: `Bearer ${this.tokens.JWT_TOKEN}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : null };
  }

  /** Follows a short link as a person; returns the address it leads to. */
  async visit(slug, { handle = HANDLE, query = "", headers = {} } = {}) {
    const answer = await fetch(`${this.origin}/_edge/redirect/${handle}/${slug}${query}`, {
      headers: { "user-agent": AGENT, "accept-language": "en", ...headers },
      redirect: "manual",
    });
    return answer.headers.get("location");
  }

  async kill() {
    this.process.kill("SIGKILL");
    await once(this.process, "exit");
    this.process = null;
  }

  async close() {
    if (this.process) await this.kill();
    if (this.folder) rmSync(this.folder, { recursive: true });
  }
}

/** Starts `chromium` or `firefox`, with flags of its own. */
export function launch(browser = "chromium", ...flags) {
  const { args = [], ...options } = launchOptions(browser);
  return puppeteer.launch({ ...options, args: [...args, ...flags] });
}

let started;

/** What the tests of a file need of the environment before the first of them. Node runs the hooks of a file at the same time. */
export const prepare = (work) => before(async () => {
  await started();
  await work();
});

/**
 * A server and a browser for the tests of a file, given to `use` before the first of them; with `tabs` also a tab of its own for each
 * test, in which nothing may go wrong.
 */
export function environment({ browser = "chromium", tabs = false, ...options }, use) {
  const env = {};
  let starting;
  started = () => (starting ??= (async () => {
    env.server = await Server.start(options);
    env.browser = await launch(browser);
    use(env);
  })());
  before(started);
  after(async () => {
    await env.browser?.close();
    await env.server?.close();
  });
  if (!tabs) return;
  beforeEach(async () => {
    env.page = await tab(env.browser, env.server);
    use(env);
  });
  afterEach(async () => {
    assert.deepEqual(env.page.faults, []);
    await env.page.browserContext().close();
  });
}

/** A tab of its own profile; `faults` collects what no page may cause. */
export async function tab(browser, server, { theme = "light", width = 1280, height = 900, deviceScaleFactor = 1 } = {}) {
  const profile = await browser.createBrowserContext();
  const page = await profile.newPage();
  page.faults = [];
  page.calls = [];
  await page.setViewport({ width, height, deviceScaleFactor });
  page.on("pageerror", (error) => page.faults.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    // A status that a page expects, such as 404 of a free slug, is written to the console by the browser itself.
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) page.faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== server.origin && !["data:", "blob:", "about:"].includes(url.protocol)) page.faults.push(`request to ${url.origin}`);
    else if (url.pathname.startsWith("/v2/")) page.calls.push(`${request.method()} ${url.pathname}${url.search}`);
  });
  await page.evaluateOnNewDocument((scheme) => {
    localStorage.setItem("theme", scheme);
    addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  }, theme);
  return page;
}

const USERS = { "demo-owner": "JWT_TOKEN", "demo-operator": "JWT_OPERATOR", "demo-creator": "JWT_CREATOR", "demo-admin": "JWT_PLATFORM_ADMIN" };

/** Opens a page of the console as a demo user, through the sign-in there is: the identity provider's page, or a pasted token. */
export async function open(page, server, place, user = "demo-owner") {
  await page.goto(`${server.origin}/console/${place}`, { waitUntil: "load" });
  await page.waitForSelector("main");
  const signIn = await page.$(".signin button");
  if (signIn) {
    if (await page.$(".signin textarea")) {
      await page.type(".signin textarea", server.tokens[USERS[user]], { delay: 0 });
      await page.click(".signin button[type=submit]");
    } else {
      await signIn.click();
      const choice = await page.waitForSelector(`button[value="${user}"]`);
      await choice.click();
    }
  }
  // A page of a handle has the frame around it; that of a platform administrator has none.
  await page.waitForSelector(".shell, .main .page");
  await settled(page);
}

/** Waits until nothing loads any more and nothing shown is outdated. */
export async function settled(page) {
  await page.waitForFunction(() => !document.querySelector(".skeleton, [aria-busy=true]") && document.querySelector(".page h1") !== null, { timeout: 20_000 });
  await page.waitForNetworkIdle({ idleTime: 250, timeout: 15_000 }).catch(() => null);
}

/** Goes to another page of the console without leaving it. */
export async function go(page, place) {
  await page.evaluate((to) => {
    history.pushState(null, "", `/console/${to}`);
    dispatchEvent(new PopStateEvent("popstate"));
  }, place);
  await new Promise((resolve) => setTimeout(resolve, 120));
  await settled(page);
}

/** The visible text of an element. */
export const textOf = (page, selector) => page.$eval(selector, (element) => element.innerText);

/** Presses the button, link or tab with this name. */
export async function press(page, name) {
  const handle = await eventually(`a button named ${name}`, async () => {
    const found = await page.evaluateHandle((wanted) => {
      const labels = (element) => (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.innerText.trim());
      const named = (element) => [(element.getAttribute("aria-label") ?? element.innerText).replace(/\s+/g, " ").trim(), ...labels(element)].includes(wanted);
      return [...document.querySelectorAll("button, a, [role=option], [role=menuitem]")].filter((element) => element.getClientRects().length && !element.disabled).findLast(named) ?? null;
    }, name);
    return found.asElement();
  });
  await handle.evaluate((element) => element.scrollIntoView({ block: "center" }));
  await handle.click();
}

/** Replaces the text of the field with this label. */
export async function fill(page, label, text) {
  const input = await eventually(`a field named ${label}`, async () => {
    const found = await page.evaluateHandle((wanted) => {
      const named = (element) => element.getAttribute("aria-label") ?? [...(element.labels ?? [])].map((own) => own.innerText.trim()).join(" ");
      return [...document.querySelectorAll("input, textarea")].findLast((element) => named(element) === wanted) ?? null;
    }, label);
    return found.asElement();
  });
  await input.evaluate((element) => {
    element.scrollIntoView({ block: "center" });
    element.focus();
    element.select();
  });
  await page.keyboard.press("Backspace");
  if (text) await page.keyboard.type(text);
}

/** Sets or clears the box with this label. */
export async function check(page, label) {
  const box = await eventually(`a box named ${label}`, async () => {
    const found = await page.evaluateHandle((wanted) => [...document.querySelectorAll("label")].findLast((element) => element.innerText.trim() === wanted && element.querySelector("input[type=checkbox]")) ?? null, label);
    return found.asElement();
  });
  await box.evaluate((element) => element.scrollIntoView({ block: "center" }));
  await box.click();
}

/** Chooses an option of the choice with this label. */
export async function choose(page, label, option) {
  await press(page, label);
  await page.waitForSelector("[role=listbox]");
  await press(page, option);
  await page.waitForFunction(() => !document.querySelector("[role=listbox]"));
}

/** Calls any path of the API as a demo user. */
export async function callAs(server, user, verb, address, body) {
  const headers = { authorization: `Bearer ${server.tokens[USERS[user]]}`, "content-type": "application/json" };
  const answer = await fetch(server.origin + address, { method: verb, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : null };
}
