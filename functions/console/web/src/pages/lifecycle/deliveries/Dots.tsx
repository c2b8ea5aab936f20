import type { Delivery } from "../../../core/deliveries";
import { dots, dotWords, statusOf } from "../../../core/deliveries";
import css from "./deliveries.module.css";

/** The attempts of a delivery as dots, in words for those who do not see them. */
export function Dots({ of }: { of: Pick<Delivery, "attempts" | "status"> }) {
  const words = dotWords(of);
  return (
    <span className={css.dots} role="img" aria-label={words} title={words}>
      {dots(of).map((dot, index) => <span key={index} className={`${css.dot} ${css[dot]}`} />)}
    </span>
  );
}

/** The state of a delivery. */
export function StatusTag({ status }: Pick<Delivery, "status">) {
  const { name, tag, text } = statusOf(status);
  return <span className={`tag ${tag}`} title={text}>{name}</span>;
}
