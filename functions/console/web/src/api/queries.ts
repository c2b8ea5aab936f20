import type { Range } from "../core/range";

/** The query of a report of the range. */
export const reportQuery = <Query extends object>({ from, to }: Pick<Range, "from" | "to">, query: Query) => ({ ...query, from, to });

/** The query of the funnels of all campaigns, or of one. */
export const funnelQuery = ({ from, to }: Range, campaignId?: string) => ({ funnel: true, from, to, ...(campaignId ? { campaignId } : {}) });
