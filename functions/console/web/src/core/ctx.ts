/** The ctx in an address or by itself; null if there is none. */
export function ctxIn(text: string): string | null {
  const trimmed = text.trim();
  if (/^c1\.[\w-]+\.[\w-]+\.[\w-]+$/.test(trimmed)) return trimmed;
  return URL.parse(trimmed)?.searchParams.get("ctx") || null;
}
