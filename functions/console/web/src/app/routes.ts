import { createElement } from "react";
import { later, type Later } from "../ui/later";
import { SkeletonPage } from "../ui/Skeleton";
import { PAGES, type PageEntry } from "./pages";

export type RouteEntry = PageEntry & { component: Later };

/** The pages with their components. */
export const ROUTES: readonly RouteEntry[] = PAGES.map((entry) => ({
  ...entry,
  component: later(async () => (await entry.code()).default, createElement(SkeletonPage)),
}));
