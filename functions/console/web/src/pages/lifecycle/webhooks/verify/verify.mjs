// Verifies a message of 10x Links with the package standardwebhooks: npm install standardwebhooks
import { Webhook } from "standardwebhooks";

// The message, if it was signed with the secret (whsec_…) within the last five minutes; throws otherwise.
// body is the body as it came, before any JSON parser.
export function verify(secret, headers, body) {
  // Act once for each id: a message may come again.
  return new Webhook(secret).verify(body, headers);
}
