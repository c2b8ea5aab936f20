import { useGet } from "../../../api/use";
import { count, plural } from "../../../core/numbers";
import { quota } from "../../../core/quota";

/** How many writes this takes of those that are left today. */
export function Cost({ of }: { of: number }) {
  const usage = useGet("/v2/handles/{handle}/usage-meters");
  if (!usage.data || !of) return null;
  const { left } = quota(usage.data);
  const enough = of <= left;
  return (
    <span className={enough ? "muted small" : "tag tag-bad"} role="status">
      {plural(of, "write")}, {count(left)} left today{enough ? "" : ": the first ones are made, the rest is refused"}
    </span>
  );
}
