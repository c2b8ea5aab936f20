// A receiver of webhooks as a customer has one: a real HTTP server that verifies each message with the snippet that the console shows.
import { once } from "node:events";
import http from "node:http";
import { click, must, newHandle, order } from "./world.mjs";
import { verify } from "../src/pages/lifecycle/webhooks/verify/hmac.mjs";

export class Receiver {
  /** What came: `{id, delivery, attempt, type, verified, body}`. */
  seen = [];
  secrets = [];
  status = 204;

  static async start() {
    const receiver = new Receiver();
    await receiver.up();
    return receiver;
  }

  get url() {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  /** Listens, on the same port as before. */
  async up() {
    this.server = http.createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      this.take(request.headers, Buffer.concat(chunks));
      response.writeHead(this.status, { "content-type": "text/plain" }).end(this.status < 300 ? "" : "not now");
    });
    this.server.listen(this.port ?? 0, "127.0.0.1");
    await once(this.server, "listening");
    this.port = this.server.address().port;
  }

  /** Refuses connections. */
  async down() {
    if (!this.server) return;
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
    this.server = null;
  }

  take(headers, body) {
    const verified = this.secrets.filter((secret) => {
      try {
        return verify(secret, headers, body).id === headers["webhook-id"];
      } catch {
        return false;
      }
    });
    this.seen.push({
      id: headers["webhook-id"], delivery: headers["x-10x-delivery-id"], attempt: Number(headers["x-10x-attempt"]), type: headers["x-10x-event-type"],
      verified, body: body.toString(),
    });
  }

  /** What came of a type. */
  of = (type) => this.seen.filter((message) => message.type === type);
}

/** A handle with a link and orders, whose endpoint for conversions is a receiver that is down. */
export async function orderBook(server, count) {
  const handle = await newHandle(server);
  await must(server, handle, "PUT", "links/shop", { destinationUrl: "https://example.com/" });
  const receiver = await Receiver.start();
  const { subscriptionId, secret } = await must(server, handle, "POST", "webhooks", { endpointUrl: receiver.url, eventTypes: ["conversion.recorded"], description: "Order book" });
  receiver.secrets.push(secret);
  await receiver.down();
  const ctx = await click(server, handle, "shop");
  const ids = [];
  for (let n = 0; n < count; n++) ids.push((await order(server, ctx, `order-${n}`, { value: "24.90", currency: "EUR" })).conversionId.replace(/^cnv_/, "evt_"));
  return { handle, receiver, webhook: subscriptionId, ids, since: Date.now() };
}
