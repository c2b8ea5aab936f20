import { differences, merge, type Difference } from "./diff";
import { chainBody, formOfJson, type ChainForm } from "./chainForm";
import { writeExact } from "./decimal";
import { readJson } from "./jsonText";

const read = (json: string): object => {
  const found = readJson(json);
  return "value" in found && found.value && typeof found.value === "object" ? found.value : {};
};

/** Values as they are shown; exact numbers are numbers. */
const shown = (difference: Difference): Difference => JSON.parse(writeExact(difference)) as Difference;

export type Conflicting = { theirs: Difference[]; both: Difference[]; merged: ChainForm };

/**
 * What others changed since `base`, what both changed (mine is kept), and the form with both. Base and theirs are JSON as rules are
 * written.
 */
export function conflicting(base: string, mine: ChainForm, theirs: string): Conflicting {
  const [old, other] = [read(base), read(theirs)];
  const { merged, conflicts } = merge<object>(old, chainBody(mine), other);
  const form = formOfJson(mine.ruleId, readJsonOf(merged)).form;
  return { theirs: differences(old, other).map(shown), both: conflicts.map(shown), merged: form };
}

const readJsonOf = (value: object): unknown => read(writeExact(value));
