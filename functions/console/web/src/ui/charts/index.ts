import { lazy } from "react";

// Recharts is loaded with the first chart, not with the page.
export const Series = lazy(() => import("./Series"));
