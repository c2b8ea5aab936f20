/** The address of a path with its parameters, those without a value left out. */
export function address(path: string, inPath: object = {}, query: object = {}): string {
  const values = new Map(Object.entries(inPath));
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values.get(name))));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value != null && value !== "") search.set(name, String(value));
  return search.size ? `${filled}?${search}` : filled;
}
