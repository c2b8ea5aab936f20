import { useQueryParts, useToggle } from "../../../app/context";
import type { Dimension } from "../../../core/dimensions";
import type { Chip } from "../../../ui/Filters";

/** What a page is about; it is no filter to be removed. */
export type Fixed = { slug?: string; campaignId?: string };

/** What reports can be filtered by, as the address names it. */
const PARTS: Readonly<Partial<Record<Dimension, "slug" | "campaign">>> = { slug: "slug", campaign: "campaign" };

export type Scope = {
  /** The parameters for reports. */
  query: Fixed;
  chips: Chip[];
  clear: () => void;
  /** How a dimension's values filter: the one that does, and a press on one. Null where reports cannot be filtered by it. */
  picks: (dimension: Dimension) => { picked: string | null; pick: (key: string) => void } | null;
};

/** The link and the campaign of all reports of a page: fixed by the page, or chosen by pressing a value, and then in the address. */
export function useScope(fixed: Fixed): Scope {
  const [query, setParts] = useQueryParts();
  const toggle = useToggle();
  const slug = fixed.slug ?? query.get("slug");
  const campaignId = fixed.campaignId ?? query.get("campaign");
  return {
    query: { ...(slug ? { slug } : {}), ...(campaignId ? { campaignId } : {}) },
    chips: [
      ...(slug && !fixed.slug ? [{ id: "slug", text: `Link: ${slug}`, remove: () => setParts({ slug: null }) }] : []),
      ...(campaignId && !fixed.campaignId ? [{ id: "campaign", text: `Campaign: ${campaignId}`, remove: () => setParts({ campaign: null }) }] : []),
    ],
    clear: () => setParts({ slug: null, campaign: null }),
    picks: (dimension) => {
      const part = PARTS[dimension];
      if (!part || (part === "slug" ? fixed.slug : fixed.campaignId)) return null;
      return { picked: query.get(part), pick: (key) => toggle(part, key) };
    },
  };
}

/** The rest, and what has no value, are no values to filter by. */
export const isValue = (key: string): boolean => key !== "other" && key !== "none";
