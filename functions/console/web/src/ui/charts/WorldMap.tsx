import { geoNaturalEarth1, geoPath } from "d3-geo";
import { feature } from "topojson-client";
import type { Topology } from "topojson-specification";
import world from "world-atlas/countries-110m.json";
import { countryName } from "../../core/countries";
import { count, level } from "../../core/numbers";
import { CODES, SMALL } from "./countryCodes";

const WIDTH = 720;
const HEIGHT = 340;

const topology = world as unknown as Topology;
const countries = topology.objects["countries"];
const shapes = countries ? feature(topology, countries) : null;
const features = (shapes && "features" in shapes ? shapes.features : []).filter(({ id }) => id !== "010");
const projection = geoNaturalEarth1().fitSize([WIDTH, HEIGHT], { type: "FeatureCollection", features });
const path = geoPath(projection);
// The outlines never change: drawn once.
const outlines = features.map((country) => ({ code: CODES[String(country.id)] ?? "", line: path(country) ?? "" }));

/** The world with a deeper colour for more clicks; states too small to see are circles. */
export default function WorldMap({ values }: { values: ReadonlyMap<string, number> }) {
  const most = Math.max(0, ...[...values].filter(([code]) => code !== "UNKNOWN").map(([, value]) => value));
  const title = (code: string): string => `${countryName(code)}: ${count(values.get(code) ?? 0)}`;
  return (
    <svg className="map" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label="Map of the world; the list beside it has the same figures">
      {outlines.map(({ code, line }, index) => (
        <path key={code || index} d={line} className={`map-${level(values.get(code) ?? 0, most)}`}><title>{title(code)}</title></path>
      ))}
      {SMALL.filter(([code]) => values.get(code)).map(([code, longitude, latitude]) => {
        const at = projection([longitude, latitude]);
        return at && <circle key={code} cx={at[0]} cy={at[1]} r={4} className={`map-${level(values.get(code) ?? 0, most)}`}><title>{title(code)}</title></circle>;
      })}
    </svg>
  );
}
