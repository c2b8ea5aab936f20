"""A receiver as a customer would write it: verifies with the code that the console shows for Python, and with the signature of the body
alone; keeps a journal.

receiver.py PORT JOURNAL, the secret in WEBHOOK_SECRET. Every message is on disk before it is answered.
"""
import hashlib
import hmac
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from standardwebhooks import WebhookVerificationError

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parents[2] / "functions/console/web/src/pages/lifecycle/webhooks/verify"))
from verify import verify  # noqa: E402

port, journal_path = int(sys.argv[1]), sys.argv[2]
secret = os.environ["WEBHOOK_SECRET"]
journal = open(journal_path, "a", buffering=1)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            message = verify(secret, headers, body)
            standard = True
        except WebhookVerificationError:
            message, standard = None, False
        expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        plain = hmac.compare_digest(expected, headers.get("x-10x-signature", ""))
        status = 204 if standard and plain else 401
        journal.write(json.dumps({
            "id": headers["webhook-id"], "delivery": headers["x-10x-delivery-id"], "attempt": int(headers["x-10x-attempt"]),
            "type": headers["x-10x-event-type"], "standard": standard, "plain": plain, "body": body.decode(),
            "parsed": bool(message) and message["id"] == headers["webhook-id"],
        }) + "\n")
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
