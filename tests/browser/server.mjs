// A local server built from this tree, a merchant's site under a strict policy, and browsers, for one test file.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { AGENT, eventually, freePort, launchOptions } from "./support.mjs";

export { eventually };

const { LOCAL, MODULES } = process.env;
const puppeteer = createRequire(`${MODULES}/`)("puppeteer-core");

// The embedded DynamoDB asks for a signature and verifies none.
const AWS_SIGNATURE = {
  authorization: "AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
  "x-amz-date": "20260101T000000Z",
};

/** The browsers there are; a page for people is tested in each. */
export const BROWSERS = ["chromium", "firefox"];

/** The local server: it can be killed, and started again on the same data. */
export class LocalServer {
  static async start() {
    const server = new LocalServer();
    server.folder = mkdtempSync(path.join(os.tmpdir(), "server-"));
    server.port = await freePort();
    server.shopPort = await freePort();
    server.api = `http://localhost:${server.port}`;
    await server.open();
    const env = readFileSync(path.join(server.folder, "env"), "utf8");
    server.token = /JWT_TOKEN='(.*)'/.exec(env)[1];
    return server;
  }

  async open() {
    if (this.process) return;
    const options = ["--bare", "--port", this.port, "--shop-port", this.shopPort, "--data", this.data, "--env-file", path.join(this.folder, "env")];
    options.push("--functions-env", path.join(this.folder, "functions"));
    this.process = spawn(LOCAL, [...options, "--public-rpm", 1_000_000, "--trust-viewer-address"].map(String), { stdio: "ignore" });
    await eventually("the server answers", async () => (await fetch(`${this.api}/v2/system/health`)).ok);
  }

  async kill() {
    this.process.kill("SIGKILL");
    await once(this.process, "exit");
    this.process = null;
  }

  async close() {
    if (this.process) await this.kill();
    rmSync(this.folder, { recursive: true });
  }

  get data() {
    return path.join(this.folder, "data");
  }

  /** The API's answer to the owner of `demo`. */
  async read(resource) {
    const answer = await fetch(`${this.api}/v2/handles/demo/${resource}`, { headers: { authorization: `Bearer ${this.token}` } });
    return answer.json();
  }

  /** Writes what is at `resource`, as the owner of `demo`. */
  async write(resource, body) {
    const headers = { authorization: `Bearer ${this.token}`, "content-type": "application/json" };
    return fetch(`${this.api}/v2/handles/demo/${resource}`, { method: "PUT", headers, body: JSON.stringify(body) });
  }

  /** Deletes the table, so that whatever has to read it fails from now on. */
  async breakTable() {
    const variables = readFileSync(path.join(this.folder, "functions"), "utf8");
    const variable = (name) => new RegExp(`^${name}='(.*)'$`, "m").exec(variables)[1];
    const headers = { ...AWS_SIGNATURE, "content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.DeleteTable" };
    const body = JSON.stringify({ TableName: variable("TABLE_NAME") });
    const answer = await fetch(variable("AWS_ENDPOINT_URL_DYNAMODB"), { method: "POST", headers, body });
    if (!answer.ok) throw new Error(`the table is not deleted: ${await answer.text()}`);
  }

  /** The answer to a visitor of a link, without a browser. */
  visit(place) {
    const headers = { "user-agent": AGENT, "accept-language": "en" };
    return fetch(`${this.api}/_edge/redirect/demo/${place}`, { headers, redirect: "manual" });
  }

  /** The ctx of a click on the demo shop's link. */
  async click(query = "") {
    const answer = await this.visit(`shop?${query}`);
    return new URL(answer.headers.get("location")).searchParams.get("ctx");
  }

  /** The stored signals of a session as key and value. */
  async signals(session) {
    const { signals } = await this.read(`chain/${session}`);
    return signals.map(({ signalKey, signalValue }) => `${signalKey} ${signalValue ?? ""}`.trim());
  }

  async conversions() {
    return (await this.read("conversions")).items;
  }

  /** Runs a job of the server's program; returns its exit status and what it printed. */
  async job(...args) {
    const job = spawn(LOCAL, args, { stdio: ["ignore", "pipe", "ignore"] });
    let output = "";
    job.stdout.on("data", (text) => (output += text));
    const [status] = await once(job, "close");
    return { status, output };
  }
}

/**
 * A merchant's site that allows itself and the API, and nothing else; `/plain` is a page without the snippet, `/hop?to=…` redirects
 * to another origin of the merchant.
 */
export async function merchant(api) {
  const policy = `default-src 'none'; script-src 'self' ${api}; connect-src ${api}`;
  const page = (body) => `<!doctype html><title>Shop</title>${body}`;
  const snippet = `<script src="${api}/v2/public/sdk.js" data-handle="demo" defer></script>`;
  const links = '<a id="marked" data-tenx href="/plain?a=1#x"><b>marked</b></a> <a id="bare" href="/plain">bare</a>';
  const server = http.createServer((request, response) => {
    const to = new URL(request.url, "http://merchant").searchParams.get("to");
    if (to) return response.writeHead(302, { location: `http://localhost:${server.address().port}${to}` }).end();
    response.setHeader("content-security-policy", policy);
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(page(request.url.startsWith("/plain") ? "plain" : snippet + links));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

/** Starts a browser of `BROWSERS`. */
export const launch = (browser = "chromium") => puppeteer.launch(launchOptions(browser));

/** A tab in a profile of its own, with the errors in it (`errors`) and its requests to the API (`requests`). */
export async function visitor(browser, { api, gpc = false }) {
  const profile = await browser.createBrowserContext();
  const page = await profile.newPage();
  page.errors = [];
  page.requests = [];
  page.on("pageerror", (error) => page.errors.push(`uncaught: ${error.message}`));
  page.on("console", (message) => /content security policy/i.test(message.text()) && page.errors.push(message.text()));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin === api && request.method() !== "OPTIONS") page.requests.push(url.pathname.replace("/v2/public/", ""));
  });
  if (gpc) await page.evaluateOnNewDocument(() => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true }));
  return page;
}

/** The session, once the snippet has one. */
export const sessionOf = (page) => page.evaluate(() => tenx.ready.then(() => tenx.session));
