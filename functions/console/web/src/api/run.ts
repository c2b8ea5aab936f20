import { apiOrigin } from "../auth/config";
import { send } from "../auth/session";
import { writeExact } from "../core/decimal";
import type { Request } from "./client";

/** What came back for a request: any status is an answer. */
export type Ran = { status: number; text: string; body: unknown; retryAfter: string | null };

/** Reads a member of an answer that is shown as it came. */
export const member = (body: unknown, name: string): unknown => (body && typeof body === "object" ? (body as Record<string, unknown>)[name] : undefined);

/** Sends a request as it is shown, and answers what came back, refusals too; throws only if nothing did. */
export async function run(request: Request): Promise<Ran> {
  const headers = new Headers(request.headers);
  if (request.body !== undefined) headers.set("content-type", "application/json");
  const init: RequestInit = { method: request.verb.toUpperCase(), headers };
  if (request.body !== undefined) init.body = writeExact(request.body);
  const response = await send(apiOrigin() + request.address, init, request.open);
  const text = await response.text();
  const retryAfter = response.headers.get("retry-after");
  try {
    const body: unknown = JSON.parse(text);
    return { status: response.status, text: JSON.stringify(body, null, 2), body, retryAfter };
  } catch {
    return { status: response.status, text, body: null, retryAfter };
  }
}
