/** Rules of a handle in the order of their evaluation: by priority, equal ones by name. */
export const inTurn = <R extends { priority: number; ruleId: string }>(rules: readonly R[]): R[] =>
  [...rules].sort((a, b) => a.priority - b.priority || (a.ruleId < b.ruleId ? -1 : 1));
