import type { ReactNode } from "react";
import type { Reading } from "../api/use";
import { Page } from "./Page";
import { Loaded } from "./states";

/** A page about one thing: until it is read, or if it cannot be, a page with its name and the skeleton or the error. */
export function PageOf<T>({ of, title, children }: { of: Reading<T>; title: string; children: (data: T) => ReactNode }) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  return <Page title={title}><Loaded of={of} lines={10}>{() => null}</Loaded></Page>;
}
