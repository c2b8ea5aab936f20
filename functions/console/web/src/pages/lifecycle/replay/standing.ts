import type { Problem } from "../../../api/problem";
import type { Choice, Count } from "../../../core/replay";

/** How far a replay has been prepared. */
export type Standing =
  | { at: "choosing" }
  | { at: "counting"; looked: number }
  | { at: "failed"; problem: Problem }
  | { at: "counted"; choice: Choice; count: Count; looked: number };
