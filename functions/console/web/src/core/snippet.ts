/** The tag that loads the browser script of a handle. */
export const tag = (origin: string, handle: string): string => `<script src="${origin}/v2/public/sdk.js" data-handle="${handle}" defer></script>`;

/** What a site's content security policy needs for it. */
export const policy = (origin: string): string => `script-src ${origin}; connect-src ${origin}`;

/** A session of its own for a test of the console. */
export const testSession = (handle: string, random: string): string => `console_${handle}_${random}`;

/** A session id as the API takes it. */
export const SESSION_ID = /^[A-Za-z0-9_.:-]{1,128}$/;

const seconds = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "long" });

/** How long ago something was, to the second within a minute: `4 seconds ago`. */
export function ago(at: string, now: number): string {
  const passed = Math.max(0, Math.floor((now - Date.parse(at)) / 1000));
  if (passed < 60) return seconds.format(-passed, "second");
  if (passed < 3600) return seconds.format(-Math.floor(passed / 60), "minute");
  return passed < 86_400 ? seconds.format(-Math.floor(passed / 3600), "hour") : seconds.format(-Math.floor(passed / 86_400), "day");
}
