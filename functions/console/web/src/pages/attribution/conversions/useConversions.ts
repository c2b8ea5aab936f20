import { useList, type Listing } from "../../../api/list";
import { listQuery, type Conversion, type Filter } from "../../../core/conversions";

/** Conversions of the days that pass a filter, newest first; with an order key those of the key, whatever their day. */
export function useConversions(filter: Partial<Filter>, days: { from: string; to: string }): Listing<Conversion> {
  return useList("/v2/handles/{handle}/conversions", { query: listQuery(filter, days) });
}
