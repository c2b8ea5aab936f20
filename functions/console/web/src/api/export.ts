import { send } from "../auth/session";
import { apiOrigin } from "../auth/config";
import { ExportFile, pageQuery, type ExportPage, type ExportQuery } from "../core/exports";
import { address } from "./address";
import type { Request } from "./client";
import { answered, Problem } from "./problem";

/** The request of one page of an export. */
export const exportRequest = (handle: string, query: ExportQuery, cursor: string | null = null): Request => ({
  verb: "get",
  address: address("/v2/handles/{handle}/analytics/export", { handle }, pageQuery(query, cursor)),
});

async function page(handle: string, query: ExportQuery, cursor: string | null, signal: AbortSignal): Promise<ExportPage> {
  const response = await send(apiOrigin() + exportRequest(handle, query, cursor).address, { signal });
  if (!response.ok) throw Problem.of(await answered(response));
  return {
    text: await response.text(),
    hasHeader: response.headers.get("content-type")?.includes("header=present") ?? false,
    next: response.headers.get("x-next-cursor"),
  };
}

/** Reads an export page by page into one file; says after each page how far it is. Throws what a page was refused for, or that it was stopped. */
export async function readExport(handle: string, query: ExportQuery, progress: (file: ExportFile) => void, signal: AbortSignal): Promise<ExportFile> {
  const file = new ExportFile(query.format);
  let cursor: string | null = null;
  do {
    const { next, ...arrived }: ExportPage = await page(handle, query, cursor, signal);
    file.add({ ...arrived, next });
    progress(file);
    cursor = next;
  } while (cursor);
  return file;
}
