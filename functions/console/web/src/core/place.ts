import type { Role } from "./roles";

/** The user's role in a handle, and the zone of their account. */
export type Known = { role: Role; timeZone: string };

const PREFIX = "place:";

/** What was last read of a handle in this tab; it is read again at once, and the API judges by what holds now. */
export function knownPlace(handle: string): Known | null {
  const text = sessionStorage.getItem(PREFIX + handle);
  return text ? (JSON.parse(text) as Known) : null;
}

export const keepPlace = (handle: string, place: Known): void => sessionStorage.setItem(PREFIX + handle, JSON.stringify(place));

/** What was read for another user does not hold for the next. */
export function forgetPlaces(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
}
