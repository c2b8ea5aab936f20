//! Lists end where they end, and a cursor leads on in the one list it is of.

use serde_json::{Value, json};
use tests::TestEnv;

const LISTS: [&str; 9] = [
    "/v2/handles",
    "/v2/handles/demo/links",
    "/v2/handles/demo/links/link-0/history",
    "/v2/handles/demo/campaigns",
    "/v2/handles/demo/audit-events",
    "/v2/handles/demo/tokens",
    "/v2/handles/demo/chain/rules",
    "/v2/handles/demo/personalization-rules",
    "/v2/handles/demo/webhooks",
];

async fn filled() -> TestEnv {
    let env = TestEnv::new().await;
    let owner = env.owner();
    for number in 0..3 {
        let link = json!({"destinationUrl": "https://example.com/", "title": format!("{number}")});
        owner.put(&format!("/v2/handles/demo/links/link-{number}"), link.clone()).await.expect(201);
        if number > 0 {
            owner.put("/v2/handles/demo/links/link-0", link).await.expect(200);
        }
        env.campaign(&format!("camp-{number}")).await;
        owner.post("/v2/handles", json!({"handle": format!("other-{number}")})).await.expect(201);
        let token = json!({"name": format!("{number}"), "scopes": ["links.read"]});
        owner.post("/v2/handles/demo/tokens", token).await.expect(201);
        let rule = json!({"trigger": "checkout", "priority": 2 - number, "action": {"type": "none"}});
        owner.put(&format!("/v2/handles/demo/chain/rules/rule-{number}"), rule).await.expect(201);
        let rule = json!({"priority": 2 - number, "variant": {"id": "v", "destinationUrl": "https://example.com/"}});
        owner.put(&format!("/v2/handles/demo/personalization-rules/rule-{number}"), rule).await.expect(201);
        let hook = json!({"endpointUrl": format!("https://hooks.example.com/{number}"), "eventTypes": ["*"]});
        owner.post("/v2/handles/demo/webhooks", hook).await.expect(201);
    }
    env
}

async fn page(env: &TestEnv, list: &str, query: &str) -> Value {
    env.owner().get(&format!("{list}?{query}")).await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_list_goes_page_by_page_and_the_last_page_says_so_even_when_it_is_full() {
    let env = filled().await;
    for list in LISTS {
        let whole = page(&env, list, "limit=100").await;
        let all = whole["items"].as_array().unwrap().clone();
        assert!(all.len() >= 3, "{list}: {whole}");
        assert_eq!(whole["nextCursor"], Value::Null, "{list}");
        for limit in [1, 2, all.len() - 1, all.len()] {
            let (mut items, mut pages, mut cursor) = (Vec::new(), 0, String::new());
            loop {
                let page = page(&env, list, &format!("limit={limit}{cursor}")).await;
                pages += 1;
                items.extend(page["items"].as_array().unwrap().clone());
                let Some(next) = page["nextCursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!((&items, pages), (&all, all.len().div_ceil(limit)), "{list} by {limit}");
        }
        for bad in ["limit=0", "limit=101", "limit=x"] {
            assert_eq!(env.owner().get(&format!("{list}?{bad}")).await.refused(400, "invalid_payload").fields(), ["limit"], "{list}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_of_another_list_or_of_none_is_refused_by_its_name() {
    let env = filled().await;
    let mut cursors = vec!["AAAA".to_owned(), "bGluay0w".to_owned(), "~".to_owned()];
    for list in LISTS {
        cursors.extend(page(&env, list, "limit=1").await["nextCursor"].as_str().map(str::to_owned));
    }
    assert_eq!(cursors.len(), 3 + LISTS.len());
    for (own, list) in LISTS.into_iter().enumerate() {
        for (of, cursor) in cursors.iter().enumerate() {
            let answer = env.owner().get(&format!("{list}?cursor={cursor}")).await;
            if of == own + 3 {
                answer.expect(200);
            } else {
                assert_eq!(answer.refused(400, "invalid_payload").fields(), ["cursor"], "{list} {cursor}");
            }
        }
        // The last sign of a base64 text may hold bits that mean nothing; the one before it means something always.
        let mut changed = cursors[own + 3].clone().into_bytes();
        let last = changed.len() - 2;
        changed[last] = if changed[last] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(
            env.owner().get(&format!("{list}?cursor={changed}")).await.refused(400, "invalid_payload").fields(),
            ["cursor"],
            "{list}"
        );
    }
    for query in ["type=conversions&cursor=AAAA".to_owned(), format!("type=conversions&cursor={}", cursors[4])] {
        let export = format!("/v2/handles/demo/analytics/export?{query}");
        assert_eq!(env.owner().get(&export).await.refused(400, "invalid_payload").fields(), ["cursor"], "{query}");
    }
    for cursor in ["AAAA", &cursors[4]] {
        let conversions = format!("/v2/handles/demo/conversions?cursor={cursor}");
        assert_eq!(env.owner().get(&conversions).await.refused(400, "invalid_payload").fields(), ["cursor"]);
    }
    let own = page(&env, LISTS[1], "limit=1").await["nextCursor"].as_str().unwrap().to_owned();
    let program = env.pat_client(&["links.read"]).await;
    program.get(&format!("/v2/public/handles/demo/links?cursor={own}")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_goes_on_after_an_entry_that_is_gone() {
    let env = filled().await;
    for (list, first) in [("/v2/handles/demo/personalization-rules", "rule-2"), ("/v2/handles/demo/links", "link-0")] {
        let before = page(&env, list, "").await;
        let cursor = page(&env, list, "limit=1").await["nextCursor"].as_str().unwrap().to_owned();
        env.owner().delete(&format!("{list}/{first}")).await.expect(204);
        let rest = page(&env, list, &format!("cursor={cursor}")).await;
        assert_eq!(rest["items"].as_array().unwrap()[..], before["items"].as_array().unwrap()[1..], "{list}");
    }
}
