"""The playbook AT-01 to AT-08 of docs/walkthroughs/playbook.md, against an API anywhere. Needs nothing but Python.

API_BASE            the API
HANDLE              a handle, which is made if there is none
OWNER               its owner's user id
JWT_TOKEN           its owner's access token
JWT_PLATFORM_ADMIN  a platform administrator's; without it AT-08 is left out
LINK_HOST           the host of short links, such as {handle}.links.example; without it links are at /_edge/redirect
"""
import json
import os
import secrets
import urllib.error
import urllib.request
from urllib.parse import parse_qs, urlsplit

API, HANDLE = os.environ["API_BASE"].rstrip("/"), os.environ["HANDLE"]
OWNER, ADMIN = os.environ["JWT_TOKEN"], os.environ.get("JWT_PLATFORM_ADMIN")
LINK_HOST = os.environ.get("LINK_HOST")
# Each run has names of its own, so that it may be repeated.
RUN = secrets.token_hex(4)
SLUG = f"playbook-{RUN}"
LINK = f"/v2/handles/{HANDLE}/links/{SLUG}"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


opener = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}) if "127.0.0.1" in API else urllib.request.ProxyHandler())


def call(name, statuses, method, path, body=None, token=None, host=None):
    """Sends a request, checks the status and returns headers and JSON."""
    headers = {"user-agent": "playbook/1.0"}
    if body is not None:
        headers["content-type"] = "application/json"
    if token:
        headers["authorization"] = f"Bearer {token}"
    if host:
        headers["host"] = host
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(API + path, data=data, headers=headers, method=method)
    try:
        answer = opener.open(request, timeout=120)
    except urllib.error.HTTPError as error:
        answer = error
    text = answer.read().decode()
    assert answer.status in statuses, f"{name}: {answer.status} in place of {statuses}: {text}"
    print(f"{name} ok")
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    # An emulator may call an empty body JSON.
    content = json.loads(text) if text and is_json else text
    return answer.headers, content


def convert(name, status, ctx, key):
    body = {"ctx": ctx, "idempotencyKey": key, "eventType": "purchase"}
    return call(name, [status], "POST", "/v2/public/conversions", body)[1]


def write(name, statuses, **members):
    body = {"destinationUrl": "https://example.com/product", **members}
    return call(name, statuses, "PUT", LINK, body, OWNER)[1]


call("handle", [201, 409], "POST", "/v2/handles", {"handle": HANDLE}, OWNER)
link = write("AT-01", [201], tracking={"utmSource": "suite", "utmCampaign": "spring"}, routingRules=[])
assert link["slug"] == SLUG, link
visit = {"country": "US", "device": "mobile", "source": "ad", "campaign": "spring"}
preview = call("AT-02", [200], "POST", f"{LINK}/route-preview", visit, OWNER)[1]
assert preview["matched"]["kind"] == "DEFAULT", preview
path, host = (f"/{SLUG}", LINK_HOST.format(handle=HANDLE)) if LINK_HOST else (f"/_edge/redirect/{HANDLE}/{SLUG}", None)
location = call("AT-03", [302], "GET", path, host=host)[0]["location"]
ctx = parse_qs(urlsplit(location).query)["ctx"][0]
assert location == f"https://example.com/product?utm_source=suite&utm_campaign=spring&ctx={ctx}", location
context = call("AT-04", [200], "GET", f"/v2/public/context?ctx={ctx}")[1]
assert context["valid"] and context["slug"] == SLUG, context
first = convert("AT-05", 202, ctx, f"purchase-{RUN}")
again = convert("AT-06", 200, ctx, f"purchase-{RUN}")
assert not first["deduped"] and again["deduped"] and first["conversionId"] == again["conversionId"], (first, again)
bad = convert("AT-07", 400, "not-a-token", f"purchase-{RUN}-2")
assert bad["error"] == "invalid_ctx" and bad["reason"] == "malformed", bad
if ADMIN:
    account = f"/v2/platform-admin/accounts/{os.environ['OWNER']}"
    call("FREE plan", [200], "PUT", account, {"plan": "FREE"}, ADMIN)
    for number in (1, 2):
        write(f"write {number}", [200, 429])
    assert write("AT-08", [429])["error"] == "rate_limited"
    call("ENTERPRISE plan", [200], "PUT", account, {"plan": "ENTERPRISE"}, ADMIN)
