/** What this browser remembers between visits; never a token. */
type Remembered = "handle" | "theme" | "keys" | `seen:${string}` | "zone" | "visitors" | `columns:${string}` | `hint:${string}`;

/** A remembered text; null if there is none, or the browser keeps nothing. */
export function remembered(name: Remembered): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function remember(name: Remembered, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // A browser that keeps nothing works all the same.
  }
}
