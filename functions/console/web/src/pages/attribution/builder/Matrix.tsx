import { countryName } from "../../../core/countries";
import { COLUMNS, decidedBy, sameWay, type Decision } from "../../../core/preview";

type Props = { countries: readonly string[]; cells: readonly Decision[]; before: readonly Decision[] | undefined; /** Shows the way of this visitor. */ onPick: (visitor: { country: string; device: string }) => void; visitor: { country: string; device: string } };

/** Countries by devices: what decides for each, and what differs from the saved version. */
export function Matrix({ countries, cells, before, visitor, onPick }: Props) {
  const differs = (index: number): boolean => before?.[index] !== undefined && !sameWay(cells[index], before[index]);
  const changes = cells.filter((_, index) => differs(index)).length;
  return (
    <div className="matrix-box">
      <table className="matrix" aria-label="Decisions by country and device">
        <thead>
          <tr><td />{COLUMNS.map((device) => <th key={device} scope="col">{device.toLowerCase()}</th>)}</tr>
        </thead>
        <tbody>
          {countries.map((country, row) => (
            <tr key={country}>
              <th scope="row" title={countryName(country)}>{country}</th>
              {COLUMNS.map((device, column) => {
                const index = row * COLUMNS.length + column;
                const cell = cells[index];
                return (
                  <td key={device} className={differs(index) ? "matrix-new" : undefined} title={cell?.destinationUrl ?? cell?.reason}>
                    <button type="button" className="pick" aria-pressed={visitor.country === country && visitor.device === device} aria-label={`${countryName(country)}, ${device.toLowerCase()}: ${cell ? decidedBy(cell) : "not known"}`} onClick={() => onPick({ country, device })}>{cell ? decidedBy(cell) : "–"}</button>
                    {differs(index) && <span className="hidden">, differs from the saved version</span>}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {before && <p className="muted small">{changes ? `${changes} of ${cells.length} differ from the saved version (marked).` : "All as in the saved version."}</p>}
    </div>
  );
}
