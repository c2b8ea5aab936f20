//! The text that is printed at the start, and the files with variables.

use std::collections::BTreeMap;

use local::{
    LocalServer,
    demo::{HANDLE, Tokens, shop},
    settings::LocalSettings,
};
use serde_json::json;

/// Shell exports of the server's addresses and the demo users' tokens.
pub(super) fn env_file(settings: &LocalSettings<'_>, tokens: &Tokens) -> String {
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

/// The variables of all functions together: functions that need different values use different names.
pub(super) fn functions_env(server: &LocalServer) -> String {
    variables(server).iter().map(|(name, value)| format!("{name}='{value}'\n")).collect()
}

/// The same as SAM reads them: `Parameters` are those of every function.
pub(super) fn functions_env_json(server: &LocalServer) -> String {
    format!("{:#}\n", json!({"Parameters": variables(server)}))
}

fn variables(server: &LocalServer) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for function in server.functions() {
        variables.extend(server.env(function));
    }
    variables
}

/// The addresses, requests that work as pasted, in this order, and what to read next.
pub(super) fn text(settings: &LocalSettings<'_>, tokens: &Tokens, shop_port: Option<u16>) -> String {
    let api = settings.api_origin();
    let domain = settings.public_domain();
    let owner = &tokens.owner;
    let shop = shop_port.map_or_else(|| "not running".to_owned(), shop::guide);
    let json = "-H 'content-type: application/json'";
    let auth = r#"-H "authorization: Bearer $TOKEN""#;
    format!(
        r#"
10x Links is running. Ctrl-C stops it.

  console       {api}/console/home
  API           {api}, described by {api}/v2/openapi.json
  short links   http://{{handle}}.{domain}/{{slug}}
  demo shop     {shop}
  handle        {HANDLE}: demo-owner (OWNER), demo-operator (OPERATOR), demo-creator (CREATOR)

To try it, paste these into another shell: write a link, preview its routing, click it, report a purchase, read the report.
Clicks and purchases are counted by workers; they are in the report about two seconds later.

TOKEN={owner}
curl -sSw '\n' -X PUT {api}/v2/handles/{HANDLE}/links/hello {auth} {json} -d '{{"destinationUrl":"https://example.com/shop"}}'
curl -sSw '\n' -X POST {api}/v2/handles/{HANDLE}/links/hello/route-preview {auth} {json} -d '{{"country":"DE","device":"MOBILE"}}'
CTX=$(curl -sS -o /dev/null -w '%{{redirect_url}}' http://{HANDLE}.{domain}/hello | sed 's/.*[?&]ctx=\([^&#]*\).*/\1/'); echo "$CTX"
curl -sSw '\n' -X POST {api}/v2/public/conversions {json} -d '{{"ctx":"'"$CTX"'","idempotencyKey":"order-'"$(date +%s)"'","eventType":"purchase","value":24.99,"currency":"EUR"}}'
sleep 3; curl -sSw '\n' '{api}/v2/handles/{HANDLE}/analytics?groupBy=slug' {auth}

Next: docs/walkthroughs/ (every feature, step by step), docs/running-locally.md (options and commands), docs/specification.md.
"#
    )
}
