export type Note = { id: number; text: string; kind: "good" | "bad" };

let notes: readonly Note[] = [];
let last = 0;
const listeners = new Set<() => void>();

function show(next: readonly Note[]): void {
  notes = next;
  listeners.forEach((listener) => listener());
}

export const shown = (): readonly Note[] => notes;
export const dismiss = (id: number): void => show(notes.filter((note) => note.id !== id));

export function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Shows a short message for some seconds; it is also read out. Never one with a secret in it. */
export function toast(text: string, kind: Note["kind"] = "good"): void {
  const id = ++last;
  show([...notes, { id, text, kind }]);
  setTimeout(() => dismiss(id), kind === "bad" ? 10_000 : 4_000);
}
