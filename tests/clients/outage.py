"""Receivers in Python and in Node under a load of conversions, one of them killed meanwhile and one down throughout.

Compares what each received with the answers to the merchant's calls and with the delivery log. Needs a local server (API_BASE,
HANDLE, JWT_TOKEN), a folder to work in (WORK), and the folder of the Node packages (MODULES).
"""
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

API, HANDLE, TOKEN = os.environ["API_BASE"], os.environ["HANDLE"], os.environ["JWT_TOKEN"]
WORK, HERE = Path(os.environ["WORK"]), Path(__file__).parent
LOAD, LATER = int(os.environ.get("CONVERSIONS", "300")), 60
SECONDS = 20
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


opener = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))


def call(method, path, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(API + path, data=data, method=method, headers=headers or {})
    if data is not None:
        request.add_header("content-type", "application/json")
    try:
        with opener.open(request, timeout=30) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def api(method, path, body=None, expect=(200, 201, 202)):
    status, _, text = call(method, f"/v2/handles/{HANDLE}{path}", body, {"authorization": f"Bearer {TOKEN}"})
    assert status in expect, f"{method} {path}: {status} {text.decode()}"
    return json.loads(text)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Receiver:
    def __init__(self, name, command):
        self.name, self.command, self.port, self.journal = name, command, free_port(), WORK / f"{name}.journal"
        made = api("POST", "/webhooks", {"endpointUrl": f"http://127.0.0.1:{self.port}/ingest", "eventTypes": ["conversion.recorded"]})
        self.id, self.secret, self.process = made["subscriptionId"], made["secret"], None
        self.journal.touch()

    def start(self):
        environment = {**os.environ, "WEBHOOK_SECRET": self.secret}
        self.process = subprocess.Popen([*self.command, str(self.port), str(self.journal)], env=environment)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        sys.exit(f"{self.name} does not listen")

    def kill(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def entries(self):
        # The last line may be incomplete: the receiver that wrote it was killed.
        lines = self.journal.read_text().split("\n")[:-1]
        return [json.loads(line) for line in lines]

    def deliveries(self, **filters):
        query = "".join(f"&{name}={value}" for name, value in filters.items())
        items, cursor = [], ""
        while True:
            page = api("GET", f"/deliveries?limit=100&subscriptionId={self.id}{query}{cursor}")
            items += page["items"]
            if not page["nextCursor"]:
                return items
            cursor = f"&cursor={page['nextCursor']}"


def contexts(number):
    api("PUT", "/links/commission", {"destinationUrl": "https://merchant.example.com/product?ref=alpha"})
    found = []
    for _ in range(number):
        headers = {"user-agent": BROWSER, "accept": "text/html", "accept-language": "en"}
        status, answer, _ = call("GET", f"/_edge/redirect/{HANDLE}/commission", headers=headers)
        assert status == 302, status
        found.append(answer["location"].split("ctx=")[1].split("&")[0])
    # A purchase sooner than that is classified as a bot's.
    time.sleep(1)
    return found


accepted = {}


def convert(ctx, key):
    body = {"ctx": ctx, "idempotencyKey": key, "eventType": "affiliate_click", "value": 24.99, "currency": "USD"}
    for _ in range(5):
        status, _, text = call("POST", "/v2/public/conversions", body)
        if status in (200, 202):
            answer = json.loads(text)
            accepted[answer["conversionId"]] = answer
            return
        time.sleep(0.5)
    sys.exit(f"{key}: {status} {text.decode()}")


def until(what, seconds, is_so):
    started = time.monotonic()
    while not is_so():
        if time.monotonic() - started > seconds:
            sys.exit(f"not within {seconds} s: {what}")
        time.sleep(1)
    print(f"{what}: after {time.monotonic() - started:.0f} s", flush=True)


def check(receiver, expected):
    """Everything has arrived, signed, as it was answered, and exactly as the delivery log says."""
    entries = receiver.entries()
    assert all(entry["standard"] and entry["plain"] and entry["parsed"] for entry in entries), f"{receiver.name}: a bad signature"
    bodies = {}
    for entry in entries:
        message = json.loads(entry["body"])
        payload = message["payload"]
        before = bodies.setdefault(entry["id"], entry["body"])
        assert before == entry["body"], f"{receiver.name}: {entry['id']} arrived with two bodies"
        answer = accepted[payload["conversionId"]]
        for member in ("clickId", "campaignId", "slug", "value", "currency", "eventType", "trust"):
            assert payload[member] == answer[member], f"{receiver.name}: {member} of {payload}"
    received = {json.loads(body)["payload"]["conversionId"] for body in bodies.values()}
    assert received == expected, f"{receiver.name}: {len(expected - received)} missing, {len(received - expected)} too many"
    assert len(bodies) == len(expected), f"{receiver.name}: two events of one conversion"
    log = receiver.deliveries()
    logged = {(delivery["deliveryId"], attempt["n"]) for delivery in log for attempt in delivery["attempts"]}
    posted = {(entry["delivery"], entry["attempt"]) for entry in entries}
    taken = {
        (delivery["deliveryId"], attempt["n"])
        for delivery in log for attempt in delivery["attempts"] if attempt.get("statusCode") == 204
    }
    assert taken <= posted, f"{receiver.name}: the log has {taken - posted}, which never arrived"
    assert posted <= logged, f"{receiver.name}: {posted - logged} arrived and are not in the log"
    assert {delivery["eventId"] for delivery in log if delivery["status"] == "DELIVERED"} == set(bodies)
    attempts = sum(len(delivery["attempts"]) for delivery in log)
    print(f"{receiver.name}: {len(bodies)} events, each signed and once, of {attempts} attempts in {len(log)} deliveries", flush=True)


receivers = []
# Ending this process ends its receivers too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
try:
    steady = Receiver("steady-python", [sys.executable, str(HERE / "receiver.py")])
    shaky = Receiver("killed-node", ["node", str(HERE / "receiver.mjs")])
    receivers += [steady, shaky]
    for receiver in receivers:
        receiver.start()
    ctxs = contexts(10)

    def restart_shaky():
        time.sleep(4)
        shaky.kill()
        print(f"{shaky.name} is killed", flush=True)
        time.sleep(12)
        shaky.start()
        print(f"{shaky.name} is back", flush=True)

    meanwhile = threading.Thread(target=restart_shaky)
    meanwhile.start()
    started = time.monotonic()
    for number in range(LOAD):
        time.sleep(max(0.0, started + number * SECONDS / LOAD - time.monotonic()))
        convert(ctxs[number % len(ctxs)], f"order-{number}")
    meanwhile.join()
    first = set(accepted)
    assert len(first) == LOAD
    # Its last attempt before it came back was made while it was down: what follows is 20 or 40 s later.
    until("everything delivered to both", 120, lambda: all(
        {delivery["status"] for delivery in receiver.deliveries()} == {"DELIVERED"} and len(receiver.deliveries()) == LOAD
        for receiver in (steady, shaky)
    ))
    check(steady, first)
    check(shaky, first)
    retried = [delivery for delivery in shaky.deliveries() if len(delivery["attempts"]) > 1]
    assert len(retried) >= 20, f"only {len(retried)} deliveries met the outage"

    down = Receiver("down-python", [sys.executable, str(HERE / "receiver.py")])
    receivers.append(down)
    before = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 1))
    for number in range(LATER):
        convert(ctxs[number % len(ctxs)], f"later-{number}")
    later = set(accepted) - first
    until("every attempt made at a receiver that is down", 240, lambda: len(down.deliveries(status="EXHAUSTED")) == LATER)
    for delivery in down.deliveries():
        due = [attempt["nextAttemptAt"] for attempt in delivery["attempts"] if "nextAttemptAt" in attempt]
        begun = [attempt["startedAt"] for attempt in delivery["attempts"]][1:]
        assert len(begun) == 5 and all(start >= at for start, at in zip(begun, due)), f"early: {delivery}"
    panel = next(webhook for webhook in api("GET", "/notifications")["webhooks"] if webhook["subscriptionId"] == down.id)
    assert panel["counts24h"] == {"delivered": 0, "failed": LATER, "pending": 0}, panel["counts24h"]
    down.start()
    replayed = api("POST", "/deliveries/replay", {"since": before, "subscriptionId": down.id})
    assert len(replayed["items"]) == LATER, replayed
    until("one replay call brought them", 60, lambda: len(down.deliveries(status="DELIVERED")) == LATER)
    check(down, later)
    check(steady, first | later)
    check(shaky, first | later)
finally:
    for receiver in receivers:
        receiver.kill()
