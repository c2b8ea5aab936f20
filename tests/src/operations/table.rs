//! The rows of the table.

use serde_json::json;

use super::CallerKind::{Anonymous, Creator, Operator, Owner, Page, Pat, PlatformAdmin, User, Visitor};
use super::Source::{Ctx, Member};
use super::{CallerKind, Operation, Step};

macro_rules! rows {
    ($($row:expr),* $(,)?) => { vec![$(Step::from($row)),*] };
}

/// Every row, in an order in which each finds what it needs.
pub(super) fn rows() -> Vec<Step> {
    let groups = [
        system(),
        console(),
        accounts(),
        links(),
        redirects(),
        conversions(),
        reports(),
        after(),
        campaigns(),
        webhooks(),
        chain(),
        changes(),
    ];
    groups.into_iter().flatten().collect()
}

fn request(name: &'static str, caller: CallerKind, route: &'static str, status: u16) -> Operation {
    Operation::new(name, caller, route, status)
}

fn preflight(name: &'static str, route: &'static str, method: &'static str) -> Operation {
    let request = request(name, Page, route, 200).header("access-control-request-method", method);
    if method == "POST" { request.header("access-control-request-headers", "content-type") } else { request }
}

fn system() -> Vec<Step> {
    rows![
        request("accounts/health", Anonymous, "GET /v2/system/health", 200),
        request("accounts/openapi", Anonymous, "GET /v2/openapi.json", 200),
        request("chain/sdk", Page, "GET /v2/public/sdk.js", 200),
        request("accounts/default-404", Anonymous, "GET $default", 404).at("/v2/nothing/here"),
    ]
}

fn console() -> Vec<Step> {
    rows![
        request("console/page", Visitor, "GET /console/{proxy+}", 200).with("proxy", "demo/attribution/links"),
        request("console/page-head", Visitor, "HEAD /console/{proxy+}", 200),
        request("console/app", Visitor, "GET /apps/{proxy+}", 308).with("proxy", "attribution"),
        request("console/app-head", Visitor, "HEAD /apps/{proxy+}", 308).with("proxy", "lifecycle-messaging"),
        request("console/root", Visitor, "GET /", 302),
        request("console/root-head", Visitor, "HEAD /", 302),
    ]
}

fn accounts() -> Vec<Step> {
    let collaborators = json!({"collaborators": [
        {"userId": "creator", "role": "CREATOR"},
        {"userId": "operator", "role": "OPERATOR"},
        {"userId": "6c1a5b0e-3f0d-4c57-9a42-0b7d1f6e2c11", "role": "CREATOR"},
    ]});
    rows![
        request("accounts/create-handle", User, "POST /v2/handles", 201).body(json!({"handle": "lamps"})).creates(&["lamps"]),
        request("accounts/list-handles", User, "GET /v2/handles", 200).query("limit=20"),
        request("accounts/get-handle", Creator, "GET /v2/handles/{handle}", 200),
        request("accounts/account", User, "GET /v2/account", 200),
        request("accounts/account-zone", User, "PUT /v2/account", 200).body(json!({"timeZone": "Africa/Abidjan"})),
        request("accounts/platform-admin-plan", PlatformAdmin, "PUT /v2/platform-admin/accounts/{userId}", 200)
            .body(json!({"plan": "PRO", "timeZone": "Europe/Berlin"})),
        request("accounts/put-collaborators", Owner, "PUT /v2/handles/{handle}/collaborators", 200).body(collaborators),
        request("accounts/get-collaborators", Creator, "GET /v2/handles/{handle}/collaborators", 200),
        request("accounts/token-create", Operator, "POST /v2/handles/{handle}/tokens", 201)
            .body(json!({"name": "commission engine", "scopes": ["links.read", "conversions.write"]}))
            .captures("TOKEN_ID", Member("tokenId"))
            .captures("PAT", Member("token")),
        request("accounts/token-list", Operator, "GET /v2/handles/{handle}/tokens", 200),
    ]
}

fn links() -> Vec<Step> {
    let link = json!({
        "destinationUrl": "https://shop.example/products/lamp?colour=blue",
        "title": "Launch offer",
        "tags": ["launch", "lamp"],
        "enabled": true,
        "redirectType": 302,
        "tracking": {"utmSource": "newsletter", "utmCampaign": "launch"},
        "trackingPolicy": {"mode": "DIRECT", "appendContextParam": true},
        "routingRules": [
            {"priority": 10, "destinationUrl": "https://shop.example/de/products/lamp", "conditions": {"countryIn": ["DE", "AT"]}},
            {"priority": 20, "destinationUrl": "https://shop.example/readers",
             "conditions": {"sourceIn": ["email"], "deviceIn": ["MOBILE", "TABLET"]}},
        ],
    });
    let variant = json!({"id": "de_variant", "destinationUrl": "https://shop.example/de"});
    let drafted = json!({
        "draft": {"destinationUrl": "https://shop.example/draft", "routingRules": [
            {"priority": 1, "destinationUrl": "https://shop.example/fr", "conditions": {"countryIn": ["FR"]}},
        ]},
        "visits": [{"country": "FR"}, {"country": "DE", "sessionId": "visitor-7f3a"}],
    });
    let visit = json!({"country": "US", "device": "mobile", "source": "email", "at": "2026-11-02T09:30:00.000Z"});
    rows![
        request("links/upsert", Creator, "PUT /v2/handles/{handle}/links/{slug}", 201).body(link),
        request("links/read", Creator, "GET /v2/handles/{handle}/links/{slug}", 200),
        request("links/list", Creator, "GET /v2/handles/{handle}/links", 200).query("limit=20&q=lamp&status=live"),
        request("links/list-by-token", Anonymous, "GET /v2/public/handles/{handle}/links", 200)
            .query("limit=20")
            .header("x-api-key", "{{PAT}}"),
        request("links/batch", Creator, "POST /v2/handles/{handle}/links:batch", 200)
            .body(json!({"links": [{"slug": "spring", "destinationUrl": "https://shop.example/spring"}]}))
            .free(),
        request("links/rule-upsert", Creator, "PUT /v2/handles/{handle}/personalization-rules/{ruleId}", 201)
            .body(json!({"enabled": true, "priority": 10, "when": {"countryIn": ["DE"]}, "variant": variant})),
        request("links/rule-list", Creator, "GET /v2/handles/{handle}/personalization-rules", 200),
        request("links/route-preview", Creator, "POST /v2/handles/{handle}/links/{slug}/route-preview", 200).body(visit).free(),
        request("links/route-preview-draft", Creator, "POST /v2/handles/{handle}/links/{slug}/route-preview", 200)
            .with("slug", "not-yet-there")
            .body(drafted)
            .free(),
    ]
}

fn redirects() -> Vec<Step> {
    let hidden = json!({"destinationUrl": "https://shop.example/preview", "title": "For the press", "password": "open sesame"});
    rows![
        request("redirect/get", Visitor, "GET /{slug}", 302)
            .query("utm_source=newsletter&sid=visitor-7f3a")
            .header("cloudfront-viewer-address", "198.51.100.7:46532")
            .header("cloudfront-viewer-country", "DE")
            .header("referer", "https://www.instagram.com/")
            .header("via", "2.0 3f0d4c579a420b7d1f6e2c116c1a5b0e.cloudfront.net (CloudFront)")
            .header("x-forwarded-for", "198.51.100.7, 130.176.1.84")
            .header("x-origin-verify", "{{ORIGIN_VERIFY}}")
            .captures("CTX", Ctx),
        request("redirect/head", Anonymous, "HEAD /{slug}", 302),
        request("redirect/edge-get", Visitor, "GET /_edge/redirect/{handle}/{slug}", 302)
            .query("source=email")
            .header("x-forwarded-for", "2001:db8:85a3:8d3:1319:8a2e:370:7348"),
        request("redirect/edge-head", Anonymous, "HEAD /_edge/redirect/{handle}/{slug}", 302),
        request("links/upsert-protected", Creator, "PUT /v2/handles/{handle}/links/{slug}", 201).with("slug", "preview").body(hidden),
        request("redirect/password-post", Visitor, "POST /{slug}", 303)
            .with("slug", "preview")
            .form("password=open+sesame")
            .header("origin", "https://demo.links.example"),
        request("redirect/edge-password-post", Visitor, "POST /_edge/redirect/{handle}/{slug}", 303)
            .with("slug", "preview")
            .form("password=open+sesame")
            .header("origin", "https://api.links.example"),
    ]
}

/// What a shop reports of an order.
fn order() -> serde_json::Value {
    json!({
        "ctx": "{{CTX}}",
        "idempotencyKey": "order-1042",
        "eventType": "purchase",
        "value": 24.99,
        "currency": "EUR",
        "occurredAt": "2026-11-02T09:30:10.000Z",
        "metadata": {"items": 2},
    })
}

fn conversions() -> Vec<Step> {
    rows![
        preflight("attribution/context-preflight", "OPTIONS /v2/public/context", "GET"),
        request("attribution/context", Page, "GET /v2/public/context", 200).query("ctx={{CTX}}"),
        preflight("attribution/conversion-preflight", "OPTIONS /v2/public/conversions", "POST"),
        request("attribution/conversion", Page, "POST /v2/public/conversions", 202)
            .body(order())
            .captures("CONVERSION_ID", Member("conversionId")),
        request("attribution/conversions-list", Creator, "GET /v2/handles/{handle}/conversions", 200).query("limit=20"),
        request("attribution/conversion-read", Creator, "GET /v2/handles/{handle}/conversions/{conversionId}", 200),
    ]
}

fn reports() -> Vec<Step> {
    rows![
        Step::Event("click-worker/clicks"),
        Step::Event("event-worker/events"),
        Step::Event("event-worker/click-events"),
        Step::Event("sweeper/schedule"),
        Step::Event("recounter/schedule"),
        request("analytics/by-day", Creator, "GET /v2/handles/{handle}/analytics", 200).query("groupBy=day&from=2026-10-04&to=2026-11-02"),
        request("analytics/clicks", Creator, "GET /v2/handles/{handle}/clicks", 200).query("slug=launch&verdict=human&limit=20"),
        request("analytics/export-clicks", Creator, "GET /v2/handles/{handle}/analytics/export", 200)
            .query("format=csv&from=2026-10-04&to=2026-11-02")
            .header("accept", "text/csv"),
    ]
}

/// What follows a conversion.
fn after() -> Vec<Step> {
    let refund = json!({"amount": -4.99, "reason": "one of two items returned", "idempotencyKey": "refund-1042-1"});
    rows![
        request("attribution/conversion-confirm", Pat, "POST /v2/public/conversions", 200).body(order()),
        request("attribution/conversion-adjust", Operator, "POST /v2/handles/{handle}/conversions/{conversionId}/adjustments", 201)
            .body(refund),
        request("attribution/conversion-explain", Creator, "GET /v2/handles/{handle}/conversions/{conversionId}/explain", 200),
        request("accounts/usage-meters", Creator, "GET /v2/handles/{handle}/usage-meters", 200).query("days=30"),
        request("accounts/token-revoke", Operator, "DELETE /v2/handles/{handle}/tokens/{tokenId}", 204).free(),
        request("accounts/audit-events", Operator, "GET /v2/handles/{handle}/audit-events", 200),
    ]
}

fn campaigns() -> Vec<Step> {
    let link = json!({
        "slug": "deal-alpha",
        "destinationUrl": "https://merchant.example.com/product?ref=alpha",
        "title": "Partner Alpha - Product Deal",
    });
    rows![
        request("campaigns/create", Creator, "POST /v2/handles/{handle}/campaigns", 201)
            .body(json!({"campaignId": "partner-alpha", "goalType": "AFFILIATE_CLICKOUT", "status": "ACTIVE", "primaryLink": link}))
            .creates(&["partner-alpha", "deal-alpha"]),
        request("campaigns/list", Creator, "GET /v2/handles/{handle}/campaigns", 200).query("limit=20"),
        request("campaigns/read", Creator, "GET /v2/handles/{handle}/campaigns/{campaignId}", 200),
        request("campaigns/health", Creator, "GET /v2/handles/{handle}/campaigns/{campaignId}/health", 200),
        request("attribution/test-conversion", Creator, "POST /v2/handles/{handle}/campaigns/{campaignId}/test-conversion", 202)
            .body(json!({"value": 49, "currency": "USD"})),
        request("campaigns/update", Creator, "PUT /v2/handles/{handle}/campaigns/{campaignId}", 200)
            .body(json!({"status": "PAUSED", "name": "Partner Alpha"}))
            .last(),
        request("campaigns/delete", Creator, "DELETE /v2/handles/{handle}/campaigns/{campaignId}", 204),
    ]
}

fn webhooks() -> Vec<Step> {
    rows![
        request("webhooks/create", Operator, "POST /v2/handles/{handle}/webhooks", 201)
            .body(json!({"endpointUrl": "{{RECEIVER}}", "eventTypes": ["link.clicked", "conversion.tested"]}))
            .captures("SECRET", Member("secret"))
            .captures("SUBSCRIPTION_ID", Member("subscriptionId")),
        request("webhooks/list", Operator, "GET /v2/handles/{handle}/webhooks", 200),
        request("webhooks/read", Operator, "GET /v2/handles/{handle}/webhooks/{subscriptionId}", 200),
        request("webhooks/rotate", Operator, "POST /v2/handles/{handle}/webhooks/{subscriptionId}/secret/rotate", 200)
            .free()
            .body(json!({"gracePeriodSeconds": 3600}))
            .captures("NEXT_SECRET", Member("secret")),
        request("webhooks/test", Operator, "POST /v2/handles/{handle}/webhooks/{subscriptionId}/test", 202)
            .body(json!({}))
            .captures("DELIVERY_ID", Member("deliveryId")),
        Step::Event("delivery-worker/deliveries"),
        Step::Event("delivery-worker/retries"),
        request("webhooks/deliveries", Operator, "GET /v2/handles/{handle}/deliveries", 200).query("status=DELIVERED&limit=10"),
        request("webhooks/delivery", Operator, "GET /v2/handles/{handle}/deliveries/{deliveryId}", 200),
        request("webhooks/stats", Operator, "GET /v2/handles/{handle}/webhooks/{subscriptionId}/stats", 200).query("by=hour"),
        request("webhooks/replay", Operator, "POST /v2/handles/{handle}/deliveries/{deliveryId}/replay", 202),
        request("webhooks/replay-range", Operator, "POST /v2/handles/{handle}/deliveries/replay", 202).body(json!({"since": "{{SINCE}}"})),
        request("webhooks/notifications", Creator, "GET /v2/handles/{handle}/notifications", 200),
        request("webhooks/update", Operator, "PUT /v2/handles/{handle}/webhooks/{subscriptionId}", 200)
            .body(json!({"enabled": false, "description": "the old commission engine"}))
            .last(),
        request("webhooks/delete", Operator, "DELETE /v2/handles/{handle}/webhooks/{subscriptionId}", 204),
    ]
}

fn chain() -> Vec<Step> {
    let when = json!({"all": [{"signalKey": "intent", "minConfidence": 0.7, "withinSeconds": 3600}], "none": [{"signalKey": "purchase"}]});
    let action = json!({"type": "banner", "text": "Free delivery today"});
    let rule = json!({"trigger": "checkout", "priority": 10, "when": when, "action": action, "ttlSeconds": 60});
    let mut cart = json!({"signalKey": "intent", "signalValue": "cart", "confidence": 0.85, "source": "web", "signalId": "cart-1"});
    cart["metadata"] = json!({"sku": "sneaker-42"});
    let seen = json!({"handle": "demo", "sessionId": "visitor-7f3a", "signals": [{"type": "view", "signalId": "page-1"}, cart]});
    let vip = json!({"signalKey": "segment", "signalValue": "vip", "source": "crm", "signalId": "crm-1"});
    rows![
        request("chain/rule-upsert", Creator, "PUT /v2/handles/{handle}/chain/rules/{ruleId}", 201).body(rule),
        request("chain/rule-list", Creator, "GET /v2/handles/{handle}/chain/rules", 200),
        preflight("chain/signals-preflight", "OPTIONS /v2/public/chain/signals", "POST"),
        request("chain/signals", Page, "POST /v2/public/chain/signals", 202).body(seen),
        preflight("chain/resolve-preflight", "OPTIONS /v2/public/chain/resolve", "POST"),
        request("chain/resolve", Page, "POST /v2/public/chain/resolve", 200)
            .body(json!({"handle": "demo", "sessionId": "visitor-7f3a", "trigger": "checkout"})),
        preflight("chain/prefetch-preflight", "OPTIONS /v2/public/chain/prefetch", "POST"),
        request("chain/prefetch", Page, "POST /v2/public/chain/prefetch", 200)
            .body(json!({"handle": "demo", "sessionId": "visitor-7f3a", "triggers": ["checkout", "exit"]})),
        request("chain/signals-of-handle", Creator, "POST /v2/handles/{handle}/chain/signals", 202)
            .body(json!({"sessionId": "visitor-7f3a", "signals": [vip]}))
            .free(),
        request("chain/session", Creator, "GET /v2/handles/{handle}/chain/{sessionId}", 200),
        request("chain/preview", Creator, "POST /v2/handles/{handle}/chain/preview", 200)
            .body(json!({"sessionId": "visitor-7f3a", "triggers": ["checkout", "exit"], "signals": [{"signalKey": "purchase"}]}))
            .free(),
        request("chain/rule-delete", Creator, "DELETE /v2/handles/{handle}/chain/rules/{ruleId}", 204),
    ]
}

/// Changes of the link and the handle, the last of them for good.
fn changes() -> Vec<Step> {
    rows![
        request("links/update", Creator, "PUT /v2/handles/{handle}/links/{slug}", 200)
            .body(json!({"destinationUrl": "https://shop.example/products/lamp", "title": "Second offer"})),
        request("links/rollback", Creator, "POST /v2/handles/{handle}/links/{slug}/rollback", 200).body(json!({"version": 1})),
        request("links/history", Creator, "GET /v2/handles/{handle}/links/{slug}/history", 200).query("limit=10"),
        request("links/rule-delete", Creator, "DELETE /v2/handles/{handle}/personalization-rules/{ruleId}", 204),
        request("links/delete", Creator, "DELETE /v2/handles/{handle}/links/{slug}", 204),
        request("accounts/privacy-export", Owner, "GET /v2/handles/{handle}/privacy/export", 200).query("sessionId=visitor-7f3a"),
        request("accounts/privacy-erase", Owner, "POST /v2/handles/{handle}/privacy/erase", 202)
            .body(json!({"sessionId": "visitor-7f3a"}))
            .free()
            .last(),
        request("accounts/delete-handle", Owner, "DELETE /v2/handles/{handle}", 202).body(json!({"confirm": "demo"})).free(),
        request("accounts/restore-handle", Owner, "POST /v2/handles/{handle}/restore", 200).free(),
        request("accounts/transfer-ownership", Owner, "POST /v2/handles/{handle}/transfer-ownership", 200)
            .body(json!({"newOwnerUserId": "6c1a5b0e-3f0d-4c57-9a42-0b7d1f6e2c11"}))
            .last(),
    ]
}
