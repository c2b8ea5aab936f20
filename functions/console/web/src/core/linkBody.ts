import type { Body } from "../api/client";
import type { Link } from "./links";

export type LinkBody = Body<"/v2/handles/{handle}/links/{slug}", "put">;

/** What the API sets on a link; it refuses it in a body. */
const SET_BY_API = new Set(["handle", "slug", "shortUrl", "version", "createdAt", "updatedAt", "hasPassword", "status"]);

/** What of a link is written: all its settings. The password is not among them: left out, it stays. */
export function writable(link: Link): LinkBody {
  return Object.fromEntries(Object.entries(link).filter(([name]) => !SET_BY_API.has(name))) as LinkBody;
}
