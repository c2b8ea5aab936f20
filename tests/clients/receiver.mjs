// A receiver as a customer would write it: verifies with the code that the console shows for Node, with npm's standardwebhooks and without
// a package, and with the signature of the body alone; keeps a journal.
//
// receiver.mjs PORT JOURNAL, the secret in WEBHOOK_SECRET, the packages in MODULES. Every message is on disk before it is answered.
import { appendFileSync } from "node:fs";
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const shown = "../../functions/console/web/src/pages/lifecycle/webhooks/verify";
// A copy beside the packages, which it names.
const { verify } = await import(`${process.env.MODULES}/verify.mjs`);
const { verify: verifyPlain } = await import(new URL(`${shown}/hmac.mjs`, import.meta.url));
const [port, journal] = process.argv.slice(2);
const secret = process.env.WEBHOOK_SECRET;

const isPlain = (body, signature) => {
  const expected = Buffer.from(`sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
  return signature.length === expected.length && timingSafeEqual(Buffer.from(signature), expected);
};

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const { headers } = request;
  let message;
  try {
    message = verify(secret, headers, body);
    if (verifyPlain(secret, headers, body).id !== message.id) message = undefined;
  } catch {
    // Recorded below as not verified.
  }
  const standard = message !== undefined;
  const plain = isPlain(body, headers["x-10x-signature"] ?? "");
  appendFileSync(journal, JSON.stringify({
    id: headers["webhook-id"], delivery: headers["x-10x-delivery-id"], attempt: Number(headers["x-10x-attempt"]),
    type: headers["x-10x-event-type"], standard, plain, body: body.toString(), parsed: message?.id === headers["webhook-id"],
  }) + "\n");
  response.writeHead(standard && plain ? 204 : 401).end();
}).listen(Number(port), "127.0.0.1");
