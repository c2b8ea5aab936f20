import { useHandle } from "../app/context";
import type { LinkBody } from "../core/linkBody";
import type { Decision, Visit } from "../core/preview";
import { address } from "./address";
import { useAsked, type Asked } from "./useSettled";

export type Previews = Omit<Asked<unknown>, "answer"> & { decisions: Decision[] | undefined };

/** Where visitors would go: of the stored link, or of a draft that is nowhere stored. Costs nothing. */
export function usePreview(slug: string, visits: readonly Visit[], draft: LinkBody | null, when = true): Previews {
  const handle = useHandle();
  const asked = address("/v2/handles/{handle}/links/{slug}/route-preview", { handle, slug });
  const { answer, ...rest } = useAsked<{ results: Decision[] }>(asked, draft ? { draft, visits } : { visits }, when);
  return { decisions: answer?.results, ...rest };
}
