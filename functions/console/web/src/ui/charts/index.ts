import { lazy } from "react";

// Each is loaded when it is first shown, not with the page.
export const Series = lazy(() => import("./Series"));
export const WorldMap = lazy(() => import("./WorldMap"));
export const HeatMap = lazy(() => import("./HeatMap"));
export const Writes = lazy(async () => ({ default: (await import("./Series")).Writes }));
