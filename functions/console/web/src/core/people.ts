import type { Schema } from "../api/client";
import type { Role } from "./roles";

export type People = Schema["People"];
export type Person = { userId: string; role: Role };

/** Who works on a handle: the owner first, then by name. */
export function persons({ ownerUserId, collaborators }: People): Person[] {
  const others = [...collaborators].sort((a, b) => a.userId.localeCompare(b.userId));
  return [{ userId: ownerUserId, role: "OWNER" }, ...others.map(({ userId, role }): Person => ({ userId, role }))];
}

/** A user id as the API takes it. */
export const USER_ID = /^[A-Za-z0-9_.:@|+-]{1,128}$/;

/** The list with a person in a role, or without the person. */
export function withPerson(people: People, userId: string, role: "CREATOR" | "OPERATOR" | null): People["collaborators"] {
  const others = people.collaborators.filter((other) => other.userId !== userId);
  return role ? [...others, { userId, role }] : others;
}

/** Whether two lists name the same people in the same roles. */
export function samePeople(one: People, other: People): boolean {
  const text = (people: People): string => JSON.stringify(persons(people).map(({ userId, role }) => [userId, role]));
  return text(one) === text(other);
}
