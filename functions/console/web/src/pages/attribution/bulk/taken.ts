import { call } from "../../../api/client";
import { Problem } from "../../../api/problem";

/** Links that are looked up at the same time. */
const AT_ONCE = 8;

/** Which of the slugs have a link already. Reads cost no writes. */
export async function taken(handle: string, slugs: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>();
  const waiting = [...slugs];
  const look = async (): Promise<void> => {
    for (let slug = waiting.shift(); slug !== undefined; slug = waiting.shift()) {
      try {
        await call("get", "/v2/handles/{handle}/links/{slug}", { path: { handle, slug } });
        found.add(slug);
      } catch (thrown) {
        if (!(thrown instanceof Problem && thrown.status === 404)) throw thrown;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, look));
  return found;
}
