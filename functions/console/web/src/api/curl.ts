import { apiOrigin } from "../auth/config";
import { writeExact } from "../core/decimal";
import type { Request } from "./client";

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** A request as a shell command; the token is a variable, never its value. */
export function curl(request: Request): string {
  const lines = [`curl -sS ${quoted(apiOrigin() + request.address)}`];
  if (request.verb !== "get") lines[0] = `curl -sS -X ${request.verb.toUpperCase()} ${quoted(apiOrigin() + request.address)}`;
  if (!request.open) lines.push('-H "authorization: Bearer $TOKEN"');
  for (const [name, value] of Object.entries(request.headers ?? {})) lines.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (request.body !== undefined) {
    lines.push("-H 'content-type: application/json'", `-d ${quoted(writeExact(request.body, 2))}`);
  }
  return lines.join(" \\\n  ");
}
