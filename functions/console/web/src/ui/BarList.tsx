import { count, plural } from "../core/numbers";

export type Bar = {
  key: string;
  name: string;
  people: number;
  bots: number;
  /** Not to be pressed, although others are: the rest, or what has no value. */
  fixed?: boolean;
};

/** Rows with bars, people and bots apart; pressing one calls `onPick`, for filtering by it. */
export function BarList({ bars, onPick, picked }: { bars: readonly Bar[]; onPick?: (key: string) => void; picked?: string | null }) {
  const ofBots = bars.every(({ people }) => people === 0);
  const most = Math.max(1, ...bars.map(({ people, bots }) => people + bots));
  const percent = (value: number): string => `${(72 * value) / most}%`;
  return (
    <ul className="bar-list">
      {bars.map(({ key, name, people, bots, fixed }) => {
        const content = (
          <>
            <span className="bar-fill" style={{ width: percent(people) }} />
            <span className="bar-fill bar-fill-bots" style={{ insetInlineStart: percent(people), width: percent(bots) }} />
            <span className="bar-name">{name}</span>
            {bots > 0 && !ofBots && <span className="bar-value muted small">{plural(bots, "bot")}</span>}
            <span className="bar-value">{count(ofBots ? bots : people)}</span>
          </>
        );
        return (
          <li key={key}>
            {onPick && !fixed ? (
              <button type="button" className="bar-row" aria-pressed={picked === key} onClick={() => onPick(key)}>{content}</button>
            ) : (
              <div className="bar-row">{content}</div>
            )}
          </li>
        );
      })}
    </ul>
  );
}
