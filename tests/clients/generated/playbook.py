"""The playbook AT-01 to AT-08 with the client that openapi-python-client makes of the document (package `tenx`, on PYTHONPATH).

Needs a local server with an account of its own: API_BASE, HANDLE, PUBLIC_DOMAIN, JWT_TOKEN, JWT_PLATFORM_ADMIN.
"""
import os
from urllib.parse import parse_qs, urlsplit

import httpx

from tenx import AuthenticatedClient, Client
from tenx.api.links import (
    post_handles_by_handle_links_by_slug_route_preview as preview_link,
    put_handles_by_handle_links_by_slug as put_link,
)
from tenx.api.platform_admin import put_platform_admin_accounts_by_user_id as put_account
from tenx.api.public import get_public_context as get_context, post_public_conversions as post_conversion
from tenx.models import (
    AccountChange,
    AccountChangePlan,
    ConversionBody,
    LinkBody,
    LinkBodyTrackingType0,
    PreviewBodyWithoutVisits,
)

API, HANDLE, SLUG = os.environ["API_BASE"], os.environ["HANDLE"], "generated-py"
owner = AuthenticatedClient(base_url=API, token=os.environ["JWT_TOKEN"])
admin = AuthenticatedClient(base_url=API, token=os.environ["JWT_PLATFORM_ADMIN"])
page = Client(base_url=API)


def expect(name, response, status):
    assert response.status_code == status, f"{name}: {response.status_code} {response.content.decode()}"
    assert response.parsed is not None, f"{name}: the answer was not parsed"
    print(f"{name} ok")
    return response.parsed


def write(**members):
    return put_link.sync_detailed(HANDLE, SLUG, client=owner, body=LinkBody(destination_url="https://example.com/product", **members))


def convert(ctx, key):
    return post_conversion.sync_detailed(client=page, body=ConversionBody(ctx=ctx, idempotency_key=key, event_type="purchase"))


link = expect("AT-01", write(tracking=LinkBodyTrackingType0(utm_source="suite", utm_campaign="spring"), routing_rules=[]), 201)
assert link.slug == SLUG
visit = PreviewBodyWithoutVisits(country="US", device="mobile", source="ad", campaign="spring")
preview = expect("AT-02", preview_link.sync_detailed(HANDLE, SLUG, client=owner, body=visit), 200)
assert preview.matched.kind == "DEFAULT"
port = urlsplit(API).port
redirect = httpx.get(f"http://127.0.0.1:{port}/{SLUG}", headers={"host": f"{HANDLE}.{os.environ['PUBLIC_DOMAIN']}"}, trust_env=False)
assert redirect.status_code == 302, redirect.text
ctx = parse_qs(urlsplit(redirect.headers["location"]).query)["ctx"][0]
print("AT-03 ok")
context = expect("AT-04", get_context.sync_detailed(client=page, ctx=ctx), 200)
assert context.valid and context.slug == SLUG
first = expect("AT-05", convert(ctx, "generated-py-1"), 202)
again = expect("AT-06", convert(ctx, "generated-py-1"), 200)
assert not first.deduped and again.deduped and first.conversion_id == again.conversion_id
assert expect("AT-07", convert("not-a-token", "generated-py-2"), 400).error == "invalid_ctx"
# What the document declares of passwords reaches the server: setting, keeping and removing one.
assert expect("password set", write(password="open sesame"), 200).has_password
assert expect("password kept", write(), 200).has_password
assert not expect("password removed", write(password=None), 200).has_password
plan = put_account.sync_detailed("demo-owner", client=admin, body=AccountChange(plan=AccountChangePlan.FREE))
expect("FREE plan", plan, 200)
assert expect("AT-08", write(), 429).error == "rate_limited"
plan = put_account.sync_detailed("demo-owner", client=admin, body=AccountChange(plan=AccountChangePlan.ENTERPRISE))
expect("ENTERPRISE plan", plan, 200)
