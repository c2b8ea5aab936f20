// The verification without a package, as the console shows it: takes what is signed with the secret, and refuses all else.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { verify } from "../src/pages/lifecycle/webhooks/verify/hmac.mjs";

const secretOf = (byte) => `whsec_${Buffer.alloc(32, byte).toString("base64")}`;
const [secret, other] = [secretOf(7), secretOf(8)];
const body = Buffer.from('{"id":"evt_1","payload":{"value":24.90}}');
const seconds = 1_795_000_000;

const sign = (key, id = "evt_1") => `v1,${createHmac("sha256", Buffer.from(key.slice(6), "base64")).update(`${id}.${seconds}.${body}`).digest("base64")}`;
const headers = (signatures) => ({ "webhook-id": "evt_1", "webhook-timestamp": String(seconds), "webhook-signature": signatures });

test("the example of Standard Webhooks is verified", () => {
  const example = { "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330", "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" };
  assert.deepEqual(verify("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", example, Buffer.from('{"test": 2432232314}'), 1_614_265_330), { test: 2432232314 });
});

test("what is signed is taken, also while the secret is rotated", () => {
  for (const signatures of [sign(secret), `${sign(other)} ${sign(secret)}`]) {
    for (const away of [-299, 0, 299]) assert.equal(verify(secret, headers(signatures), body, seconds + away).id, "evt_1");
  }
});

test("all else is refused", () => {
  const refused = [
    [headers(sign(other)), body, seconds],
    [headers(""), body, seconds],
    [{}, body, seconds],
    [headers(sign(secret).replace("v1,", "v2,")), body, seconds],
    [headers(sign(secret, "evt_2")), body, seconds],
    [headers(sign(secret)), Buffer.concat([body, Buffer.from(" ")]), seconds],
    [headers(sign(secret)), body, seconds + 301],
    [headers(sign(secret)), body, seconds - 301],
    [{ ...headers(sign(secret)), "webhook-timestamp": "soon" }, body, seconds],
  ];
  for (const [head, bytes, now] of refused) assert.throws(() => verify(secret, head, bytes, now));
});
