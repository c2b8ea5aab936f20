// Verifies a message of 10x Links without any package: the same steps work in every language that has HMAC-SHA-256.
import { createHmac, timingSafeEqual } from "node:crypto";

const TOLERANCE_SECONDS = 300;

// The message, if it was signed with the secret (whsec_…) within the last five minutes; throws otherwise.
// headers have lower-case names; body is the body as it came, before any JSON parser.
export function verify(secret, headers, body, now = Date.now() / 1000) {
  const [id, timestamp, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => headers[name] ?? "");
  // 1. An old message may be a recorded copy.
  if (!(Math.abs(now - Number(timestamp)) <= TOLERANCE_SECONDS)) throw new Error("too old, or of the future");
  // 2. The key is the bytes behind whsec_; id, time and body are signed together.
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  // 3. While a secret is rotated there are several signatures: one has to match, compared in constant time.
  const matches = signatures.split(" ").some((signature) => {
    const found = Buffer.from(signature.replace(/^v1,/, ""), "base64");
    return signature.startsWith("v1,") && found.length === expected.length && timingSafeEqual(found, expected);
  });
  if (!matches) throw new Error("not signed with this secret");
  // Act once for each id: a message may come again.
  return JSON.parse(body);
}
