import { useState } from "react";
import { useHandle } from "../../../app/context";
import { call } from "../../../api/client";
import { Problem } from "../../../api/problem";
import { useChange } from "../../../api/use";
import { chainBody, ruleJson, type ChainForm } from "../../../core/chainForm";
import type { ChainRule } from "../../../core/chain";

/** The rule that was found in the place of the one that was edited. */
export type Found = { theirs: string | null };

class Changed extends Error {
  constructor(readonly found: Found) {
    super("changed meanwhile");
  }
}

/**
 * Saves a rule if it still is what was edited: `base`, or not there for a new one. Rules have no version, so they are read again first; what
 * others write in the moment between is replaced.
 */
export function useSaveRule(form: ChainForm, base: string | null) {
  const handle = useHandle();
  const [found, setFound] = useState<Found | null>(null);
  const ruleId = form.ruleId.trim();
  const save = useChange(async (): Promise<ChainRule | null> => {
    setFound(null);
    try {
      await stillThere(handle, ruleId, base);
    } catch (thrown) {
      if (!(thrown instanceof Changed)) throw thrown;
      setFound(thrown.found);
      return null;
    }
    return (await call("put", "/v2/handles/{handle}/chain/rules/{ruleId}", { path: { handle, ruleId }, body: chainBody(form) })).data;
  });
  return { save, found, settle: () => setFound(null) };
}

async function stillThere(handle: string, ruleId: string, base: string | null): Promise<void> {
  const { data } = await call("get", "/v2/handles/{handle}/chain/rules", { path: { handle }, query: { limit: 100 } });
  const rule = data.items.find((one) => one.ruleId === ruleId);
  if (base === null) {
    if (!rule && !data.damaged?.includes(ruleId)) return;
    const fields = [{ field: "ruleId", message: "There is a rule of this name." }];
    throw new Problem(409, { error: "conflict", message: "There is a rule of this name.", fields });
  }
  const theirs = rule ? ruleJson(rule) : null;
  if (theirs !== base) throw new Changed({ theirs });
}
