// Prints what a first visit loads and what each page adds, and fails beyond the budgets.
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET = { firstRequests: 8, firstBytes: 290_000, chartBytes: 112_000, pageBytes: 30_000 };

const dist = process.argv[2] ?? "dist";
const assets = path.join(dist, "assets");
const size = new Map(readdirSync(assets).map((name) => [name, gzipSync(readFileSync(path.join(assets, name)), { level: 9 }).length]));
const html = readFileSync(path.join(dist, "index.html"), "utf8");
const named = (text) => [...text.matchAll(/assets\/([\w.-]+\.(?:js|css))/g)].map(([, name]) => name).filter((name) => size.has(name));
const imports = (name) => [...readFileSync(path.join(assets, name), "utf8").matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)].map(([, other]) => other);

/** The files of the given ones and of all that they import at once. */
function closure(names, seen = new Set()) {
  for (const name of names) {
    if (seen.has(name) || !size.has(name)) continue;
    seen.add(name);
    if (name.endsWith(".js")) closure(imports(name), seen);
  }
  return seen;
}

const bytes = (names) => [...names].reduce((sum, name) => sum + size.get(name), 0);
const frame = closure(named(html));
const isChart = (name) => /^(Series|Funnel|WorldMap|Waterfall|HeatMap)-/.test(name);
const failures = [];
const check = (what, value, limit) => {
  console.log(`${value > limit ? "OVER  " : "      "}${what}: ${value} of ${limit}`);
  if (value > limit) failures.push(what);
};

const pages = [...size.keys()].filter((name) => /^[A-Z]/.test(name) && name.endsWith(".js") && !isChart(name));
// The frame has the overview in it; what is shared by the other pages comes once it is shown.
const first = closure([...size.keys()].filter((name) => name.startsWith("shared-")), new Set(frame));
console.log(`      bytes before the overview is shown: ${bytes(frame) + gzipSync(html).length}`);
// index.html, the icon, and these files.
check("requests of a first visit", first.size + 2, BUDGET.firstRequests);
check("bytes of a first visit, gzip", bytes(first) + gzipSync(html).length, BUDGET.firstBytes);
for (const name of [...size.keys()].filter(isChart)) {
  const added = [...closure([name], new Set(first))].filter((file) => !first.has(file));
  check(`bytes of ${name.split("-")[0]} when first shown`, bytes(added), BUDGET.chartBytes);
}
for (const name of pages) {
  const added = [...closure([name], new Set(first))].filter((file) => !first.has(file));
  check(`bytes of ${name.split("-")[0]}`, bytes(added), BUDGET.pageBytes);
}
if (failures.length) process.exit(1);
