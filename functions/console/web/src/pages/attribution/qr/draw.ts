import { correction, generate, type Bitmap2D } from "lean-qr";

export type Level = "L" | "M" | "Q" | "H";
export type QrLook = { level: Level; quiet: number; dark: string; light: string; logo: HTMLImageElement | null };

/** The code of a text at least at a level of error correction. */
export function encode(text: string, level: Level): Bitmap2D {
  return generate(text, { minCorrectionLevel: correction[level] });
}

const modules = (code: Bitmap2D): [number, number][] => {
  const on: [number, number][] = [];
  for (let y = 0; y < code.size; y++) for (let x = 0; x < code.size; x++) if (code.get(x, y)) on.push([x, y]);
  return on;
};

/** The code as SVG text; the logo is not in it. */
export function svg(code: Bitmap2D, { quiet, dark, light }: QrLook): string {
  const size = code.size + 2 * quiet;
  const path = modules(code).map(([x, y]) => `M${x + quiet} ${y + quiet}h1v1h-1z`).join("");
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" width="512" height="512" shape-rendering="crispEdges">` +
    `<rect width="${size}" height="${size}" fill="${light}"/><path fill="${dark}" d="${path}"/></svg>`
  );
}

/** Draws the code on a canvas of whole pixels a module, with the logo on at most a fifth of its width. */
export function paint(canvas: HTMLCanvasElement, code: Bitmap2D, { quiet, dark, light, logo }: QrLook): void {
  const size = code.size + 2 * quiet;
  const scale = Math.max(1, Math.floor(1024 / size));
  canvas.width = canvas.height = size * scale;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.fillStyle = light;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = dark;
  for (const [x, y] of modules(code)) context.fillRect((x + quiet) * scale, (y + quiet) * scale, scale, scale);
  if (!logo) return;
  const box = Math.floor(code.size / 5) * scale;
  const ratio = Math.min(box / logo.naturalWidth, box / logo.naturalHeight);
  const [width, height] = [logo.naturalWidth * ratio, logo.naturalHeight * ratio];
  const middle = canvas.width / 2;
  context.fillStyle = light;
  context.fillRect(middle - box / 2 - scale, middle - box / 2 - scale, box + 2 * scale, box + 2 * scale);
  context.drawImage(logo, middle - width / 2, middle - height / 2, width, height);
}

/** Reads the code from the canvas as a phone would; null if it cannot be read. */
export async function scan(canvas: HTMLCanvasElement): Promise<string | null> {
  const { default: read } = await import("jsqr");
  const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height);
  return pixels ? (read(pixels.data, pixels.width, pixels.height)?.data ?? null) : null;
}
