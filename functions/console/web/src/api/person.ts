import { send } from "../auth/session";
import { apiOrigin } from "../auth/config";
import { ExportFile } from "../core/exports";
import { named, type Person } from "../core/privacy";
import { address } from "./address";
import type { Request } from "./client";
import { answered, Problem } from "./problem";

/** The request of one page of a person's data. */
export const personRequest = (handle: string, person: Person, cursor: string | null = null): Request => ({
  verb: "get",
  address: address("/v2/handles/{handle}/privacy/export", { handle }, { ...named(person), cursor }),
});

/** The request that erases a person. */
export const eraseRequest = (handle: string, person: Person): Request => ({
  verb: "post",
  address: address("/v2/handles/{handle}/privacy/erase", { handle }),
  body: named(person),
});

/** Reads a person's data page by page into one file, each record as it was answered. A page may be empty and not the last. */
export async function readPerson(handle: string, person: Person, progress: (file: ExportFile) => void, signal: AbortSignal): Promise<ExportFile> {
  const file = new ExportFile("json");
  let cursor: string | null = null;
  do {
    const response: Response = await send(apiOrigin() + personRequest(handle, person, cursor).address, { signal });
    if (!response.ok) throw Problem.of(await answered(response));
    const text: string = await response.text();
    cursor = (JSON.parse(text) as { nextCursor?: string | null }).nextCursor ?? null;
    file.add({ text, hasHeader: false, next: cursor });
    progress(file);
  } while (cursor);
  return file;
}
