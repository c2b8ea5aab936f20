import { canRefresh, refresh } from "./auth/session";
import { returning } from "./auth/login";

// A small file of its own, so that a session that was open before is renewed while the code of the console arrives. A failure is reported by
// the gate, which waits for the same attempt.
if (canRefresh() && !returning()) refresh().catch(() => null);
