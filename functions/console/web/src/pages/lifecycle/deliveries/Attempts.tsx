import { useZone } from "../../../app/context";
import { axis, duration, MAX_ATTEMPTS, outcomeOf, statusOf, WAITS, type Bar, type Delivery } from "../../../core/deliveries";
import { instant } from "../../../core/time";
import { Code } from "../../../ui/ApiRequest";
import { Card } from "../../../ui/Page";
import { Countdown } from "../../../ui/When";
import { AttemptAxis } from "./AttemptAxis";
import css from "./deliveries.module.css";
import { Dots } from "./Dots";

/** What was tried so far, when, how it ended and what the receiver said; and when it is tried again. */
export function Attempts({ of: delivery }: { of: Delivery }) {
  const { bars } = axis(delivery);
  return (
    <Card title="Attempts" note={`At most ${MAX_ATTEMPTS}: the first at once, then ${WAITS.join(", ")} seconds after the end of the one before.`} actions={<span className={css.head}><Dots of={delivery} /></span>}>
      <div className="stack">
        <AttemptAxis of={delivery} />
        <Standing of={delivery} />
        <ol className={css.attempts} aria-label="Attempts">
          {[...bars].reverse().map((bar, index, all) => (
            <Attempt key={bar.attempt.n} of={bar} planned={WAITS[bar.attempt.n - 2] ?? null} isNews={bar.attempt.outcome !== all[index - 1]?.attempt.outcome} />
          ))}
        </ol>
      </div>
    </Card>
  );
}

/** Where it stands, in one sentence. */
function Standing({ of: { status, nextAttemptAt, attempts } }: { of: Delivery }) {
  return (
    <p role="status">
      {status === "SCHEDULED" && nextAttemptAt ? (
        <>Attempt {attempts.length + 1} of {MAX_ATTEMPTS} follows <strong><Countdown to={nextAttemptAt} /></strong>.</>
      ) : statusOf(status).text}
    </p>
  );
}

/** One attempt. What to do is said once for those in a row that ended the same. */
function Attempt({ of: { attempt, waited, good }, planned, isNews }: { of: Bar; planned: number | null; isNews: boolean }) {
  const zone = useZone();
  const { name, todo } = outcomeOf(attempt);
  return (
    <li className={css.attempt}>
      <span className={`${css.dot} ${css.attemptMark} ${good ? css.good : css.bad}`} aria-hidden="true" />
      <div className="stack-small stretch">
        <p>
          <strong>{name}</strong> <span className="muted">after {duration(attempt.durationMs)}, attempt {attempt.n}</span>
        </p>
        <p className="muted small">
          <time dateTime={attempt.startedAt}>{instant(attempt.startedAt, zone)}</time>
          {waited !== null && `, ${duration(waited)} after the one before${planned ? ` (at least ${planned} s)` : ""}`}
        </p>
        {todo && isNews && <p className="small">{todo}</p>}
        {attempt.responseSnippet && (
          <details className="details">
            <summary>What it answered (the first 1 KiB)</summary>
            <Code text={attempt.responseSnippet} label={`Answer to attempt ${attempt.n}`} />
          </details>
        )}
      </div>
    </li>
  );
}
