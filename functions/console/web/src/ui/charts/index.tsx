import { later } from "../later";
import { Skeleton } from "../Skeleton";

const SPACE = <div className="chart-space"><Skeleton lines={5} /></div>;

// Each is loaded when it is first shown, not with the page.
export const Series = later(async () => (await import("./Series")).default, SPACE);
export const WorldMap = later(async () => (await import("./WorldMap")).default, SPACE);
export const HeatMap = later(async () => (await import("./HeatMap")).default, SPACE);
export const Writes = later(async () => (await import("./Series")).Writes, SPACE);
