//! Pages, files and redirects of the console, on which hosts they are, and under which policy.

use std::collections::BTreeMap;
use std::io::Read;

use console::{FILES, File};
use flate2::read::GzDecoder;
use http::Method;
use serde_json::{Value, json};
use tests::{Answer, Caller, TestEnv, TestEnvOptions};

const HOME: &str = "/console/home";
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                      connect-src 'self' TOKEN; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";
/// How a host answers for the console.
const CONSOLE_HOSTS: [&str; 4] =
    ["localhost:9000", "app.localhost:9000", "APP.localhost:9000", "a1b2c3.execute-api.eu-central-1.amazonaws.com"];
const OTHER_HOSTS: [&str; 6] =
    ["demo.localhost:9000", "nosuch.localhost:9000", "localhost:9001", "app.evil.example", "console.localhost:9000", "a.b.localhost:9000"];

async fn env_with(variables: &[(&str, &str)]) -> TestEnv {
    let environment: BTreeMap<_, _> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    TestEnv::with(TestEnvOptions { environment, ..TestEnvOptions::default() }).await
}

/// The settings in a page.
#[track_caller]
fn config_in(page: &str) -> Value {
    let (_, rest) = page.split_once(r#"<script type="application/json" id="config">"#).expect("settings in the page");
    let (text, _) = rest.split_once("</script>").expect("an end");
    assert!(!text.contains('<'), "{text}");
    serde_json::from_str(text).expect("JSON")
}

#[track_caller]
fn unpacked(answer: &Answer) -> Vec<u8> {
    if answer.header("content-encoding").is_empty() {
        return answer.body.to_vec();
    }
    assert_eq!(answer.header("content-encoding"), "gzip");
    let mut plain = Vec::new();
    GzDecoder::new(&answer.body[..]).read_to_end(&mut plain).expect("gzip");
    plain
}

async fn head(caller: &Caller<'_>, path: &str) -> Answer {
    caller.send(Method::HEAD, path, Vec::new()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_the_same_document_under_the_policy() {
    let env = TestEnv::new().await;
    let browser = env.anonymous();
    let home = browser.get(HOME).await.expect(200);
    let token_origin = "http://localhost:9000";
    let expected = [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-cache"),
        ("content-security-policy", &POLICY.replace("TOKEN", token_origin)),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "clipboard-write=(self)"),
        ("strict-transport-security", "max-age=31536000"),
    ];
    for (name, value) in expected {
        assert_eq!(home.header(name), value, "{name}");
    }
    assert!(home.header("x-request-id").starts_with("req_"));
    // Ids have dots in them; the callback has a query.
    for path in [
        "/console/callback?code=abc&state=def",
        "/console/demo/attribution/links/launch",
        "/console/demo/lifecycle-messaging/sessions/user.42",
        "/console/apps/attribution",
    ] {
        assert_eq!(browser.get(path).await.expect(200).text(), home.text(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_not_sent_twice_and_head_sends_none() {
    let env = TestEnv::new().await;
    let home = env.anonymous().get(HOME).await.expect(200);
    let tag = home.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() > 20, "{tag}");
    for known in [tag.clone(), format!("\"other\", {tag}"), format!("W/{tag}"), "*".to_owned()] {
        let same = env.anonymous().with("if-none-match", &known).get(HOME).await.expect(304);
        assert!(same.body.is_empty(), "{known}");
        for name in ["etag", "cache-control", "content-security-policy"] {
            assert_eq!(same.header(name), home.header(name), "{known}: {name}");
        }
    }
    env.anonymous().with("if-none-match", "\"other\"").get(HOME).await.expect(200);
    let first = head(&env.anonymous(), HOME).await.expect(200);
    assert!(first.body.is_empty());
    for name in ["content-type", "etag", "cache-control", "content-security-policy"] {
        assert_eq!(first.header(name), home.header(name), "{name}");
    }
    // Other settings are another page.
    let other = env_with(&[("LOGIN_CLIENT_ID", "another")]).await;
    assert_ne!(other.anonymous().get(HOME).await.expect(200).header("etag"), tag);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settings_are_in_the_page_and_in_a_file_of_their_own() {
    let env = env_with(&[
        ("LOGIN_AUTHORIZATION_ENDPOINT", "https://login.example/oauth2/authorize"),
        ("LOGIN_TOKEN_ENDPOINT", "https://tokens.example:8443/oauth2/token"),
        ("LOGIN_LOGOUT_URL", "https://login.example/logout"),
        ("LOGIN_CLIENT_ID", "</script><script>alert(1)</script>"),
        ("LOGIN_SCOPES", "openid offline_access"),
        ("DEMO_HANDLE", "acme"),
    ])
    .await;
    for (host, origin) in [("localhost:9000", "http://localhost:9000"), ("app.localhost:9000", "http://app.localhost:9000")] {
        let caller = env.anonymous().with("host", host);
        let expected = json!({
            "authorizationEndpoint": "https://login.example/oauth2/authorize",
            "tokenEndpoint": "https://tokens.example:8443/oauth2/token",
            "logoutUrl": "https://login.example/logout",
            "clientId": "</script><script>alert(1)</script>",
            "scopes": "openid offline_access",
            "apiOrigin": origin,
            "publicOrigin": "http://{handle}.localhost:9000",
            "localReceivers": true,
            "demoHandle": "acme",
        });
        let page = caller.get(HOME).await.expect(200);
        assert_eq!(config_in(&page.text()), expected);
        assert_eq!(page.header("content-security-policy"), POLICY.replace("TOKEN", "https://tokens.example:8443"));
        let file = caller.get("/console/config.json").await.expect(200);
        assert_eq!(file.json(), expected);
        assert_eq!((file.header("content-type"), file.header("cache-control")), ("application/json", "no-cache"));
        caller.clone().with("if-none-match", file.header("etag")).get("/console/config.json").await.expect(304);
        // It answers with the API there, so that the pages need no other origin.
        caller.get("/v2/system/health").await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_login_the_page_says_so_and_names_no_other_origin() {
    let env = env_with(&[("LOGIN_AUTHORIZATION_ENDPOINT", ""), ("LOGIN_TOKEN_ENDPOINT", ""), ("LOGIN_LOGOUT_URL", "")]).await;
    let page = env.anonymous().get(HOME).await.expect(200);
    let config = config_in(&page.text());
    assert_eq!(
        (&config["authorizationEndpoint"], &config["tokenEndpoint"], &config["clientId"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(page.header("content-security-policy"), POLICY.replace(" TOKEN", ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_is_on_no_handles_host() {
    let env = TestEnv::new().await;
    let paths = [HOME, "/console/config.json", "/apps/attribution", "/"];
    let asset = FILES.first().map(|file| format!("/console/{}", file.name));
    for path in paths.into_iter().map(str::to_owned).chain(asset) {
        for host in OTHER_HOSTS {
            let caller = env.anonymous().with("host", host);
            caller.get(&path).await.refused(404, "not_found");
            assert!(head(&caller, &path).await.expect(404).body.is_empty(), "{host}{path}");
        }
        for host in CONSOLE_HOSTS {
            let status = env.anonymous().with("host", host).get(&path).await.status.as_u16();
            assert!([200, 302, 308].contains(&status), "{host}{path}: {status}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ways_to_the_console_lead_there() {
    let env = TestEnv::new().await;
    for host in CONSOLE_HOSTS {
        let caller = env.anonymous().with("host", host);
        for (path, status, to) in [
            ("/", 302, HOME),
            ("/console", 308, HOME),
            ("/apps", 308, HOME),
            ("/console/", 308, HOME),
            ("/apps/", 308, HOME),
            ("/apps/attribution", 308, "/console/apps/attribution"),
            (
                "/apps/lifecycle-messaging/webhooks?status=FAILED&x=%22",
                308,
                "/console/apps/lifecycle-messaging/webhooks?status=FAILED&x=%22",
            ),
            ("/apps//evil.example", 308, "/console/apps//evil.example"),
        ] {
            for answer in [caller.get(path).await, head(&caller, path).await] {
                assert_eq!((answer.status.as_u16(), answer.header("location")), (status, to), "{host}{path}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_called_console_and_apps_are_followed_on_the_host_of_their_handle() {
    let env = TestEnv::new().await;
    for slug in ["console", "apps"] {
        let link = json!({"destinationUrl": format!("https://example.com/{slug}")});
        env.owner().put(&format!("/v2/handles/demo/links/{slug}"), link).await.expect(201);
        let answer = env.visitor().follow(slug).await.expect(302);
        assert!(answer.header("location").starts_with(&format!("https://example.com/{slug}")), "{}", answer.header("location"));
        env.visitor().follow(&format!("{slug}/")).await.expect(404);
    }
    let nosuch = env.anonymous().with("host", "nosuch.localhost:9000");
    nosuch.get("/console").await.refused(404, "not_found");
    env.visitor().unlock("console", "x").await;
    env.anonymous().send(Method::POST, "/console", Vec::new()).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_customers_page_is_on_the_consoles_host() {
    let env = TestEnv::new().await;
    let link = json!({"destinationUrl": "https://example.com/", "password": "open sesame"});
    env.owner().put("/v2/handles/demo/links/secret", link).await.expect(201);
    let edge = "/_edge/redirect/demo/secret";
    env.anonymous().get(edge).await.expect(200);
    for host in ["app.localhost:9000", "APP.LOCALHOST:9000"] {
        let console = env.anonymous().with("host", host);
        console.get(edge).await.refused(404, "not_found");
        console.send(Method::POST, edge, b"password=open+sesame".to_vec()).await.refused(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_cached_for_good_compressed_and_never_documents() {
    let env = TestEnv::new().await;
    let dist = format!("{}/../functions/console/web/dist/", env!("CARGO_MANIFEST_DIR"));
    for File { name, kind, tag, content, is_gzip } in FILES {
        let path = format!("/console/{name}");
        let plain = std::fs::read(format!("{dist}{name}")).expect("a file");
        let lasting = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "public, max-age=86400" };
        let browser = env.anonymous().with("accept-encoding", "gzip, deflate, br, zstd");
        let (small, whole) = (browser.get(&path).await.expect(200), env.anonymous().get(&path).await.expect(200));
        assert_eq!((small.body.as_ref(), unpacked(&small), whole.body.as_ref()), (*content, plain.clone(), plain.as_slice()), "{name}");
        assert_eq!((small.header("content-encoding") == "gzip", whole.header("content-encoding")), (*is_gzip, ""), "{name}");
        let same = browser.clone().with("if-none-match", tag).get(&path).await.expect(304);
        assert!(same.body.is_empty() && head(&browser, &path).await.expect(200).body.is_empty(), "{name}");
        for answer in [&small, &whole, &same] {
            assert_eq!(answer.header("cache-control"), lasting, "{name}");
            assert_eq!((answer.header("etag"), answer.header("vary")), (*tag, "accept-encoding"), "{name}");
            assert_eq!(answer.header("content-security-policy"), "default-src 'none'", "{name}");
            assert_eq!(
                (answer.header("x-content-type-options"), answer.header("cross-origin-resource-policy")),
                ("nosniff", "same-origin")
            );
        }
        assert_eq!((small.header("content-type"), whole.header("content-type")), (*kind, *kind), "{name}");
    }
    for absent in ["assets/index-00000000.js", "assets/", "index.html", "robots.txt", "assets/index"] {
        env.anonymous().get(&format!("/console/{absent}")).await.refused(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_the_page_names_is_there_under_a_name_with_a_hash() {
    let env = TestEnv::new().await;
    let page = env.anonymous().get(HOME).await.expect(200).text();
    let named: Vec<&str> =
        ["src=\"", "href=\""].into_iter().flat_map(|start| page.split(start).skip(1)).filter_map(|rest| rest.split('"').next()).collect();
    for path in &named {
        assert!(path.starts_with("/console/"), "{path} is not a file of the console");
        env.anonymous().get(path).await.expect(200);
    }
    let has_hash = |name: &str| {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let hash = stem.len().checked_sub(9).and_then(|start| stem.get(start..));
        hash.is_some_and(|hash| hash.starts_with('-') && hash.chars().skip(1).all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'))
    };
    for file in FILES.iter().filter(|file| file.is_immutable()) {
        assert!(has_hash(file.name), "{} is cached for good, and its name would be the same for other content", file.name);
    }
    assert!(!page.contains("style=\"") && !page.contains("onload="), "the policy refuses styles and scripts in attributes");
}

/// What a first visit loads: the page, and what the page and its style name themselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_visit_takes_at_most_eight_files_of_290_kb() {
    const MAX_FILES: usize = 8;
    const MAX_BYTES: usize = 290 * 1024;
    let env = TestEnv::new().await;
    let page = env.anonymous().get(HOME).await.expect(200).text();
    let first: Vec<&File> = FILES.iter().filter(|file| page.contains(&format!("\"/console/{}\"", file.name))).collect();
    let bytes = page.len() + first.iter().map(|file| file.content.len()).sum::<usize>();
    let all: usize = FILES.iter().map(|file| file.content.len()).sum();
    println!("first visit: {} files, {bytes} bytes; all {} files: {all} bytes", first.len() + 1, FILES.len());
    assert!(first.len() < MAX_FILES && bytes <= MAX_BYTES, "{bytes} bytes in {:?}", first.iter().map(|file| file.name).collect::<Vec<_>>());
}
