import { before, type Range } from "../core/range";
import type { Query, Schema } from "./client";
import { funnelQuery, reportQuery } from "./queries";
import { useGet, type Reading } from "./use";

type Report = Schema["Analytics"];
type ReportQuery = Query<"/v2/handles/{handle}/analytics">;

/** A report of the range. */
export function useReport(range: Range, query: Omit<ReportQuery, "from" | "to" | "funnel">, when = true): Reading<Report> {
  const options = { query: reportQuery(range, query), when };
  return useGet("/v2/handles/{handle}/analytics", options) as Reading<Report>;
}

/** The same report of the period before; not asked for unless the range compares. */
export function useReportBefore(range: Range, query: Omit<ReportQuery, "from" | "to" | "funnel">, when = true): Reading<Report> {
  return useReport({ ...range, ...before(range) }, query, when && range.compare);
}

/** The funnels of all campaigns, or of one. */
export function useFunnel(range: Range, campaignId?: string, when = true): Reading<Schema["Funnel"]> {
  return useGet("/v2/handles/{handle}/analytics", { query: funnelQuery(range, campaignId), when }) as Reading<Schema["Funnel"]>;
}
