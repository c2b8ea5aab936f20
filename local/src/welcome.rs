//! What is printed at the start, and written for scripts.

use std::collections::BTreeMap;

use local::{
    LocalServer,
    demo::{HANDLE, Tokens},
    settings::Settings,
    shop,
};

/// Shell exports for scripts and for a person's shell.
pub(crate) fn env_file(settings: &Settings<'_>, tokens: &Tokens) -> String {
    let variables = [
        ("API_BASE", settings.api_origin()),
        ("PUBLIC_DOMAIN", settings.public_domain()),
        ("HANDLE", HANDLE.to_owned()),
        ("JWT_TOKEN", tokens.owner.clone()),
        ("JWT_OPERATOR", tokens.operator.clone()),
        ("JWT_CREATOR", tokens.creator.clone()),
        ("JWT_PLATFORM_ADMIN", tokens.platform_admin.clone()),
    ];
    variables.iter().map(|(name, value)| format!("export {name}='{value}'\n")).collect()
}

/// The variables of all functions; where two differ they are for different purposes and have different names.
pub(crate) fn functions_env(server: &LocalServer) -> String {
    let mut variables = BTreeMap::new();
    for function in server.functions() {
        variables.extend(server.env(function));
    }
    variables.iter().map(|(name, value)| format!("{name}='{value}'\n")).collect()
}

/// Where everything is, and five requests that work as pasted, in this order.
pub(crate) fn text(settings: &Settings<'_>, tokens: &Tokens, shop_port: Option<u16>) -> String {
    let api = settings.api_origin();
    let domain = settings.public_domain();
    let owner = &tokens.owner;
    let shop = shop_port.map(|port| format!("demo shop: start on the creator's page, {}\n", shop::guide(port))).unwrap_or_default();
    let json = "-H 'content-type: application/json'";
    format!(
        r#"
10x Links on {api}, short links on http://{{handle}}.{domain}/{{slug}}
handle {HANDLE}: demo-owner (OWNER), demo-operator (OPERATOR), demo-creator (CREATOR)
{shop}
TOKEN={owner}
curl -X PUT {api}/v2/handles/{HANDLE}/links/hello -H "authorization: Bearer $TOKEN" {json} -d '{{"destinationUrl":"https://example.com/shop"}}'
curl -X POST {api}/v2/handles/{HANDLE}/links/hello/route-preview -H "authorization: Bearer $TOKEN" {json} -d '{{"country":"DE","device":"MOBILE"}}'
CTX=$(curl -s -o /dev/null -w '%{{redirect_url}}' http://{HANDLE}.{domain}/hello | sed 's/.*[?&]ctx=\([^&#]*\).*/\1/'); echo "$CTX"
curl -X POST {api}/v2/public/conversions {json} -d '{{"ctx":"'"$CTX"'","idempotencyKey":"order-'"$(date +%s)"'","eventType":"purchase","value":24.99,"currency":"EUR"}}'
curl '{api}/v2/handles/{HANDLE}/analytics?groupBy=slug' -H "authorization: Bearer $TOKEN"
"#
    )
}
