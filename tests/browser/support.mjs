// What tests with a browser share: a free port, waiting, and a browser that is taken for a person's.
import { once } from "node:events";
import net from "node:net";

const { CHROMIUM = "/usr/bin/chromium", FIREFOX = "/usr/bin/firefox-esr" } = process.env;

/** The agent of a person's browser: "HeadlessChrome" is classified as a bot, and so is a visit without a language. */
export const AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

/** A port that nothing listens on. */
export async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** The first truthy result of `attempt` within 20 seconds; else an error with the last one thrown. */
export async function eventually(what, attempt) {
  let last;
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    const found = await attempt().catch((error) => void (last = error));
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`timed out waiting for: ${what}${last ? ` (${last.message})` : ""}`);
}

/** How puppeteer starts `chromium` or `firefox`. */
export function launchOptions(browser) {
  if (browser === "firefox") {
    // Firefox reports an icon that a policy refuses as an error of the page; Chromium asks for none.
    const extraPrefsFirefox = { "browser.chrome.site_icons": false, "datareporting.policy.dataSubmissionEnabled": false };
    return { browser, executablePath: FIREFOX, headless: true, extraPrefsFirefox };
  }
  const sandbox = process.getuid() === 0 ? ["--no-sandbox"] : [];
  const args = [...sandbox, `--user-agent=${AGENT}`, "--lang=en-US", "--accept-lang=en-US", "--disable-dev-shm-usage"];
  return { executablePath: CHROMIUM, headless: true, args };
}
