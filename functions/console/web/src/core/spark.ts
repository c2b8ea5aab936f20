/** The path of a line through values, from the left to the right edge of a box; the largest is at its top, zero at its bottom. */
export function sparkLine(values: readonly number[], width: number, height: number): string {
  const most = Math.max(1, ...values);
  const step = width / Math.max(1, values.length - 1);
  const at = (value: number): string => (height - 1 - ((height - 2) * Math.max(0, value)) / most).toFixed(1);
  if (values.length === 1) return `M0 ${at(values[0] ?? 0)}H${width}`;
  return values.map((value, index) => `${index ? "L" : "M"}${(index * step).toFixed(1)} ${at(value)}`).join("");
}
