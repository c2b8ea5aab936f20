import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { exchange, type Request } from "./client";
import { problemOf, type Problem } from "./problem";

const PAUSE_MS = 250;

/** The value once it has not changed for a moment. */
export function useSettled<T>(value: T): T {
  const text = JSON.stringify(value);
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return JSON.parse(settled) as T;
}

/** What a question to the API is at: its answer, or the one before while another is on its way. */
export type Asked<T> = { answer: T | undefined; problem: Problem | null; busy: boolean; request: Request };

/** Posts what changes nothing, once typing and moving pause: a preview. Nothing is asked without a body, or unless `when`. */
export function useAsked<T>(address: string, body: object | null, when = true): Asked<T> {
  const settled = useSettled(body);
  const request: Request = { verb: "post", address, ...(settled ? { body: settled } : {}) };
  const result = useQuery({
    queryKey: ["asked", address, JSON.stringify(settled)],
    queryFn: async ({ signal }) => (await exchange<T>(request, signal)).data,
    placeholderData: (previous) => previous,
    retry: false,
    enabled: when && settled !== null,
  });
  return { answer: settled ? result.data : undefined, problem: result.error ? problemOf(result.error) : null, busy: result.isFetching, request };
}
