import { Problem } from "../api/problem";
import { forgetPlaces } from "../core/place";
import { hasLogin } from "./config";
import { refreshed } from "./login";

export type Tokens = { access: string; refresh: string | null };

const REFRESH = "refresh-token";

// Gone with the page: an access token is never stored.
let access: string | null = null;
let refreshing: Promise<boolean> | null = null;
const listeners = new Set<() => void>();
// Signing out in one tab signs out in all.
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("session");

const announce = (): void => listeners.forEach((listener) => listener());
tabs?.addEventListener("message", () => forget());

export const signedIn = (): boolean => access !== null;
export const canRefresh = (): boolean => sessionStorage.getItem(REFRESH) !== null;

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function keep(tokens: Tokens): void {
  access = tokens.access;
  if (tokens.refresh) sessionStorage.setItem(REFRESH, tokens.refresh);
  announce();
}

function forget(): void {
  access = null;
  sessionStorage.removeItem(REFRESH);
  forgetPlaces();
  announce();
}

/** Forgets the tokens in every tab. */
export function signOut(): void {
  forget();
  tabs?.postMessage("signed-out");
}

/** Gets a new access token; false if a person has to sign in. Requests that fail together share one. */
export function refresh(): Promise<boolean> {
  refreshing ??= (async () => {
    const token = sessionStorage.getItem(REFRESH);
    if (!token || !hasLogin()) return false;
    try {
      keep(await refreshed(token));
      return true;
    } catch (thrown) {
      // A provider that cannot be reached has not refused anything.
      if (thrown instanceof TypeError) throw Problem.unreachable();
      sessionStorage.removeItem(REFRESH);
      return false;
    }
  })().finally(() => (refreshing = null));
  return refreshing;
}

async function once(address: string, init: RequestInit, open: boolean): Promise<Response> {
  const headers = new Headers(init.headers);
  if (!open && access) headers.set("authorization", `Bearer ${access}`);
  try {
    return await fetch(address, { ...init, headers, credentials: "omit", cache: "no-store" });
  } catch (thrown) {
    if (init.signal?.aborted) throw thrown;
    throw Problem.unreachable();
  }
}

/** Sends a request with the access token; a token that has expired is replaced once. `open` sends none. */
export async function send(address: string, init: RequestInit, open = false): Promise<Response> {
  const response = await once(address, init, open);
  if (open || response.status !== 401) return response;
  if (await refresh()) return once(address, init, open);
  access = null;
  announce();
  return response;
}
