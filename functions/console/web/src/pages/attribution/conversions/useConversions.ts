import { useMemo } from "react";
import { useList, type Listing } from "../../../api/list";
import type { Conversion, Filter } from "../../../core/conversions";
import { dayOf } from "../../../core/time";

type Days = { from: string; to: string };

/** Conversions of the days that pass a filter, newest first. */
export function useConversions(filter: Partial<Filter>, days: Days): Listing<Conversion> {
  const list = useList("/v2/handles/{handle}/conversions", { query: { limit: 100 } });
  const { campaignId, slug, trust, state } = filter;
  const { from, to } = days;
  const data = useMemo(
    () => list.data?.filter((item) => {
      const day = dayOf(Date.parse(item.acceptedAt));
      return day >= from && day <= to && (!campaignId || item.campaignId === campaignId) && (!slug || item.slug === slug) && (!trust || item.trust === trust)
        && (!state || (state === "test" ? item.test : state === "counted" ? item.counted : !item.counted && !item.test));
    }),
    [list.data, from, to, campaignId, slug, trust, state],
  );
  return { ...list, data };
}
