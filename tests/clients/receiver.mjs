// A receiver as a customer would write it: verifies with npm's standardwebhooks and with a plain HMAC, keeps a journal.
//
// receiver.mjs PORT JOURNAL, the secret in WEBHOOK_SECRET, the packages in MODULES. Every message is on disk before it is answered.
import { appendFileSync } from "node:fs";
import { createHmac, timingSafeEqual } from "node:crypto";
import { createRequire } from "node:module";
import { createServer } from "node:http";

const { Webhook } = createRequire(`${process.env.MODULES}/`)("standardwebhooks");
const [port, journal] = process.argv.slice(2);
const secret = process.env.WEBHOOK_SECRET;
const webhook = new Webhook(secret);

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
    message = webhook.verify(body.toString(), headers);
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
