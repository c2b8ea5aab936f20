import type { Schema } from "../api/client";
import { advice, blocks, isPayable, observation, PAYABLE_FROM } from "../core/confidence";
import { penaltyWords } from "./Confidence";
import css from "./ConfidenceBar.module.css";

type Props = { score: number; penalties: readonly Schema["PenaltyView"][] };

const words = ({ score, penalties }: Props): string =>
  `Confidence ${score} of 100${penalties.map(({ code, points }) => `, less ${points} for ${penaltyWords(code)}`).join("")}`;

/** The 100 points of a confidence: those left, and a block for each penalty; together 100. The marks are at 50 and 80. */
export function ConfidenceBar({ score, penalties, tall }: Props & { tall?: boolean }) {
  const kind = score < PAYABLE_FROM ? css.bad : score < 80 ? css.warn : css.good;
  return (
    <span className={`${css.bar} ${tall ? css.tall : ""}`} role="img" aria-label={words({ score, penalties })} title={words({ score, penalties })}>
      {blocks(score, penalties).map(({ code, points }, index) => (
        <span key={code ?? "left"} className={code === null ? `${css.left} ${kind}` : `${css.taken} ${index % 2 ? "" : css.other}`} style={{ width: `${points}%` }}>
          {tall && (code === null ? score : `−${points}`)}
        </span>
      ))}
      <span className={css.mark} style={{ insetInlineStart: `${PAYABLE_FROM}%` }} />
      <span className={css.mark} style={{ insetInlineStart: "80%" }} />
    </span>
  );
}

/** Whether a commission should be paid on figures of this confidence. */
export function PayableTag({ score }: { score: number }) {
  return isPayable(score) ? <span className="tag tag-good">Payable</span> : <span className="tag tag-bad">Hold</span>;
}

/** A confidence with the reasons for every missing point, and what to do about each. */
export function ConfidenceReasons({ score, penalties }: Props) {
  return (
    <div className="stack">
      <div className="between">
        <p><strong className={css.score}>{score}</strong> <span className="muted">of 100</span></p>
        <PayableTag score={score} />
      </div>
      <div>
        <ConfidenceBar score={score} penalties={penalties} tall />
        <p className={`${css.scale} muted small`} aria-hidden="true"><span>0</span><span>{PAYABLE_FROM} payable</span><span className={css.at80}>80 good</span><span>100</span></p>
      </div>
      {penalties.length === 0 ? (
        <p className="muted">Nothing reduces it: the clicks are plausible, bots are few, and counting is up to date.</p>
      ) : (
        <ul className={css.reasons}>
          {penalties.map((penalty) => (
            <li key={penalty.code}>
              <span className={css.points}>−{penalty.points}</span>
              <span>
                <strong>{penaltyWords(penalty.code)}</strong> <span className="muted">({observation(penalty)})</span>
                <br />
                {advice(penalty.code)}
              </span>
            </li>
          ))}
          <li>
            <span className={css.points}>= {score}</span>
            <span className="muted">100{penalties.map(({ points }) => ` − ${points}`).join("")}{penalties.reduce((sum, { points }) => sum + points, 0) > 100 ? ", not less than 0" : ""}</span>
          </li>
        </ul>
      )}
    </div>
  );
}
