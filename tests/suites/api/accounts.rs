//! Handles and the people on them, plans, usage and health, with the calls that fail on the way.

use serde_json::{Value, json};
use tests::{Answer, Caller, Fault, Rule, TestEnv, TestEnvOptions};

const ACCOUNT: &str = "/v2/account";
const HANDLES: &str = "/v2/handles";
const DEMO: &str = "/v2/handles/demo";
const PEOPLE: &str = "/v2/handles/demo/collaborators";
const TRANSFER: &str = "/v2/handles/demo/transfer-ownership";

/// The handles in a caller's list, with the role on each.
async fn listed(caller: &Caller<'_>) -> Vec<(String, String)> {
    let list = caller.get("/v2/handles?limit=100").await.expect(200).json();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    list["items"].as_array().expect("items").iter().map(|item| (text(&item["handle"]), text(&item["role"]))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
}

fn people(entries: &[(&str, &str)]) -> Value {
    let entries: Vec<Value> = entries.iter().map(|(user, role)| json!({"userId": user, "role": role})).collect();
    json!({"collaborators": entries})
}

/// The audit events that are stored with an account.
async fn account_events(env: &TestEnv, user: &str) -> Vec<Value> {
    let partition = format!("ACCT#{user}");
    let items = env.table_items().await;
    let events = items.iter().filter(|item| item["pk"]["S"] == partition.as_str() && item["sk"]["S"] != "A");
    events.map(|item| serde_json::from_str(item["doc"]["S"].as_str().unwrap()).unwrap()).collect()
}

async fn writes_today(env: &TestEnv) -> Value {
    env.owner().get("/v2/handles/demo/usage-meters").await.expect(200).json()["usage"]["writesToday"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_creator_of_a_handle_owns_it_and_it_cannot_be_created_again() {
    let env = TestEnv::new().await;
    let made = env.stranger().post(HANDLES, json!({"handle": "my-shop"})).await.expect(201).json();
    assert_eq!(made, json!({"handle": "my-shop", "role": "OWNER", "ownerUserId": "stranger", "createdAt": "2026-03-01T12:00:00.000Z"}));
    assert_eq!(env.stranger().get("/v2/handles/my-shop").await.expect(200).json(), made);
    for caller in [env.owner(), env.stranger()] {
        env.advance_ms(1);
        caller.post(HANDLES, json!({"handle": "my-shop"})).await.refused(409, "conflict");
    }
    assert_eq!(listed(&env.owner()).await, pairs(&[("demo", "OWNER")]));
    assert_eq!(env.stranger().get("/v2/handles/my-shop").await.expect(200).json(), made);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handle_two_people_want_at_once_goes_to_one() {
    let env = TestEnv::new().await;
    let (one, other) = (env.user("one", &[]), env.user("other", &[]));
    let want = || json!({"handle": "wanted"});
    let (first, second) = futures::future::join(one.post(HANDLES, want()), other.post(HANDLES, want())).await;
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    let (winner, loser) = if first.status == 201 { (&one, &other) } else { (&other, &one) };
    assert_eq!(listed(winner).await, pairs(&[("wanted", "OWNER")]));
    assert_eq!(listed(loser).await, pairs(&[]));
    loser.get("/v2/handles/wanted").await.refused(404, "handle_not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_are_no_host_label_or_belong_to_the_system_are_refused() {
    let env = TestEnv::new().await;
    let long = "a".repeat(33);
    let huge = "a".repeat(1025);
    let malformed = [
        "",
        "a",
        "ab",
        &long,
        &huge,
        "Demo",
        "-abc",
        "abc-",
        "a_b",
        "a.b",
        "a#b",
        "..",
        "a%2fb",
        "a/b",
        "a b",
        "abc\n",
        "a\0b",
        "d\u{435}mo",
        "ｄemo",
        "caf\u{e9}",
        "app",
        "api",
        "www",
        "mcp",
        "login",
        "profile",
        "admin",
        "localhost",
        "webhooks",
        "status",
    ];
    let values = malformed.iter().map(|name| json!(name)).chain([json!(7), json!(["shop"]), json!({}), json!(true), Value::Null]);
    for value in values {
        let refused = env.owner().post(HANDLES, json!({"handle": value})).await.refused(400, "invalid_payload");
        assert_eq!(refused.fields(), ["handle"], "{value}");
    }
    assert_eq!(env.owner().post(HANDLES, json!({})).await.refused(400, "invalid_payload").fields(), ["handle"]);
    assert_eq!(
        env.owner().post(HANDLES, json!({"handle": "a", "owner": "x"})).await.refused(400, "invalid_payload").fields(),
        ["handle", "owner"]
    );
    assert_eq!(
        env.owner().post(HANDLES, json!({"handle": "fine", "ownerUserId": "stranger"})).await.refused(400, "invalid_payload").fields(),
        ["ownerUserId"]
    );
    assert_eq!(writes_today(&env).await, 0, "what is refused is not charged");
    for fine in ["abc", &long[..32], "a-1", "1st", "a--b", "xn-a"] {
        env.owner().post(HANDLES, json!({"handle": fine})).await.expect(201);
    }
    for path in ["DEMO", "a%23b", "demo%2f", "d%D0%B5mo", &huge, "app"] {
        let answer = env.owner().get(&format!("{HANDLES}/{path}")).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (404, &json!("handle_not_found")), "{path}");
    }
    env.owner().get(&format!("{HANDLES}/%2e%2e")).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_shows_every_handle_once_with_the_callers_role_page_by_page() {
    let env = TestEnv::new().await;
    for name in ["shop-a", "shop-b", "shop-c", "shop-d"] {
        env.creator().post(HANDLES, json!({"handle": name})).await.expect(201);
    }
    let all = pairs(&[("demo", "CREATOR"), ("shop-a", "OWNER"), ("shop-b", "OWNER"), ("shop-c", "OWNER"), ("shop-d", "OWNER")]);
    assert_eq!(listed(&env.creator()).await, all);
    assert_eq!(listed(&env.operator()).await, pairs(&[("demo", "OPERATOR")]));
    assert_eq!(listed(&env.stranger()).await, pairs(&[]));
    for limit in 1..=6 {
        let (mut names, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = env.creator().get(&format!("/v2/handles?limit={limit}&cursor={cursor}")).await.expect(200).json();
            let items = page["items"].as_array().expect("items");
            assert!(items.len() <= limit, "{page}");
            names.extend(items.iter().map(|item| item["handle"].as_str().expect("a handle").to_owned()));
            pages += 1;
            assert!(pages <= 6, "the pages never end");
            let Some(next) = page["nextCursor"].as_str() else { break };
            cursor = next.to_owned();
        }
        assert_eq!(names, all.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), "limit {limit}");
    }
    for query in ["limit=0", "limit=101", "limit=-1", "limit=ten", "limit=", "limit=1.5"] {
        assert_eq!(env.creator().get(&format!("/v2/handles?{query}")).await.refused(400, "invalid_payload").fields(), ["limit"]);
    }
    let long = "c".repeat(1025);
    assert_eq!(env.creator().get(&format!("/v2/handles?cursor={long}")).await.refused(400, "invalid_payload").fields(), ["cursor"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn collaborators_are_replaced_whole_and_the_owner_stays() {
    let env = TestEnv::new().await;
    let before = env.creator().get(PEOPLE).await.expect(200).json();
    assert_eq!(
        before,
        json!({"handle": "demo", "ownerUserId": "owner", "collaborators": people(&[("creator", "CREATOR"), ("operator", "OPERATOR")])["collaborators"]})
    );

    let next = people(&[("owner", "CREATOR"), ("newcomer", "CREATOR"), ("creator", "OPERATOR")]);
    let after = env.owner().put(PEOPLE, next).await.expect(200).json();
    assert_eq!(
        after,
        json!({"handle": "demo", "ownerUserId": "owner", "collaborators": people(&[("creator", "OPERATOR"), ("newcomer", "CREATOR")])["collaborators"]})
    );
    assert_eq!(env.user("newcomer", &[]).get(PEOPLE).await.expect(200).json(), after);
    assert_eq!(env.owner().get(DEMO).await.expect(200).json()["role"], "OWNER");

    let alone = env.owner().put(PEOPLE, people(&[])).await.expect(200).json();
    assert_eq!((&alone["collaborators"], &alone["ownerUserId"]), (&json!([]), &json!("owner")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn collaborators_that_make_no_sense_are_refused_by_field_and_change_nothing() {
    let env = TestEnv::new().await;
    let before = env.owner().get(PEOPLE).await.expect(200).json();
    let entry = |entry: Value| json!({"collaborators": [entry]});
    let many: Vec<(String, &str)> = (0..101).map(|number| (format!("user-{number}"), "CREATOR")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(user, role)| (user.as_str(), *role)).collect();
    let refused = [
        (json!({}), "collaborators"),
        (json!({"collaborators": null}), "collaborators"),
        (json!({"collaborators": "creator"}), "collaborators"),
        (json!({"collaborators": {"userId": "u", "role": "CREATOR"}}), "collaborators"),
        (people(&many), "collaborators"),
        (json!({"collaborators": [7]}), "collaborators[0]"),
        (entry(json!({"userId": "u"})), "collaborators[0].role"),
        (entry(json!({"userId": "u", "role": "ADMIN"})), "collaborators[0].role"),
        (entry(json!({"userId": "u", "role": "creator"})), "collaborators[0].role"),
        (entry(json!({"userId": "u", "role": "OWNER"})), "collaborators[0].role"),
        (entry(json!({"role": "CREATOR"})), "collaborators[0].userId"),
        (entry(json!({"userId": "a#b", "role": "CREATOR"})), "collaborators[0].userId"),
        (entry(json!({"userId": "", "role": "CREATOR"})), "collaborators[0].userId"),
        (entry(json!({"userId": "u".repeat(129), "role": "CREATOR"})), "collaborators[0].userId"),
        (entry(json!({"userId": "u", "role": "CREATOR", "isOwner": true})), "collaborators[0].isOwner"),
        (people(&[("u", "CREATOR"), ("u", "OPERATOR")]), "collaborators[1].userId"),
    ];
    for (body, field) in refused {
        let answer = env.owner().put(PEOPLE, body).await.refused(400, "invalid_collaborators");
        assert_eq!(answer.fields(), [field]);
    }
    let several = json!({"collaborators": [{"userId": "a#b", "role": "OWNER"}, {"userId": "u"}], "ownerUserId": "u"});
    let answer = env.owner().put(PEOPLE, several).await.refused(400, "invalid_payload");
    assert_eq!(answer.fields(), ["collaborators[0].userId", "collaborators[1].role", "ownerUserId"]);
    assert_eq!(env.owner().get(PEOPLE).await.expect(200).json(), before);
    assert_eq!(writes_today(&env).await, 0);

    let full = env.owner().put(PEOPLE, people(&many[..100])).await.expect(200).json();
    assert_eq!(full["collaborators"].as_array().expect("people").len(), 100);
    assert_eq!(listed(&env.user("user-99", &[])).await, pairs(&[("demo", "CREATOR")]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_owner_changes_who_works_on_a_handle() {
    let env = TestEnv::new().await;
    for caller in [env.creator(), env.operator()] {
        caller.get(PEOPLE).await.expect(200);
        caller.put(PEOPLE, people(&[("creator", "OPERATOR")])).await.refused(403, "insufficient_role");
        caller.put(PEOPLE, json!({"collaborators": 7})).await.refused(403, "insufficient_role");
        caller.post(TRANSFER, json!({"newOwnerUserId": "creator"})).await.refused(403, "insufficient_role");
    }
    env.stranger().put(PEOPLE, people(&[])).await.refused(404, "handle_not_found");
    assert_eq!(env.owner().get(PEOPLE).await.json()["collaborators"].as_array().expect("people").len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_collaborator_is_a_stranger_at_once() {
    let env = TestEnv::new().await;
    env.creator().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    env.owner().put(PEOPLE, people(&[("operator", "OPERATOR")])).await.expect(200);
    for path in [
        DEMO,
        PEOPLE,
        "/v2/handles/demo/links",
        "/v2/handles/demo/links/launch",
        "/v2/handles/demo/conversions",
        "/v2/handles/demo/analytics",
    ] {
        env.creator().get(path).await.refused(404, "handle_not_found");
    }
    env.creator().delete("/v2/handles/demo/links/launch").await.refused(404, "handle_not_found");
    assert_eq!(listed(&env.creator()).await, pairs(&[]));
    env.operator().get("/v2/handles/demo/links/launch").await.expect(200);

    env.owner().put(PEOPLE, people(&[("creator", "OPERATOR")])).await.expect(200);
    assert_eq!(listed(&env.creator()).await, pairs(&[("demo", "OPERATOR")]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_makes_one_new_owner_and_an_operator_of_the_one_before() {
    let env = TestEnv::new().await;
    env.owner().post(TRANSFER, json!({"newOwnerUserId": "stranger"})).await.refused(409, "not_a_collaborator");
    assert_eq!(env.owner().get(DEMO).await.expect(200).json()["ownerUserId"], "owner", "a misspelt user id is given no handle");
    env.owner().put(PEOPLE, people(&[("creator", "CREATOR"), ("operator", "OPERATOR"), ("stranger", "CREATOR")])).await.expect(200);
    let after = env.owner().post(TRANSFER, json!({"newOwnerUserId": "stranger"})).await.expect(200).json();
    assert_eq!(after["ownerUserId"], "stranger");
    assert_eq!(after["collaborators"], people(&[("creator", "CREATOR"), ("operator", "OPERATOR"), ("owner", "OPERATOR")])["collaborators"]);
    assert_eq!(listed(&env.stranger()).await, pairs(&[("demo", "OWNER")]));
    assert_eq!(listed(&env.owner()).await, pairs(&[("demo", "OPERATOR")]));
    env.owner().post(TRANSFER, json!({"newOwnerUserId": "owner"})).await.refused(403, "insufficient_role");

    // To a collaborator: the place as a collaborator is given up for the owner's.
    let back = env.stranger().post(TRANSFER, json!({"newOwnerUserId": "creator"})).await.expect(200).json();
    assert_eq!(
        back["collaborators"],
        people(&[("operator", "OPERATOR"), ("owner", "OPERATOR"), ("stranger", "OPERATOR")])["collaborators"]
    );
    // To oneself: nothing changes.
    let same = env.creator().post(TRANSFER, json!({"newOwnerUserId": "creator"})).await.expect(200).json();
    assert_eq!(same, back);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_needs_a_new_owner() {
    let env = TestEnv::new().await;
    for body in [
        json!({}),
        json!({"newOwnerUserId": null}),
        json!({"newOwnerUserId": ""}),
        json!({"newOwnerUserId": "a#b"}),
        json!({"newOwnerUserId": 7}),
    ] {
        let refused = env.owner().post(TRANSFER, body).await.refused(400, "new_owner_required");
        assert_eq!(refused.fields(), ["newOwnerUserId"]);
    }
    let several = env.owner().post(TRANSFER, json!({"userId": "creator"})).await.refused(400, "invalid_payload");
    assert_eq!(several.fields(), ["newOwnerUserId", "userId"]);
    assert_eq!(env.owner().post(TRANSFER, json!(["creator"])).await.refused(400, "invalid_payload").fields(), ["body"]);
    assert_eq!(env.owner().get(DEMO).await.expect(200).json()["ownerUserId"], "owner");
}

/// Holds `slow` where its first calls of an operation are throttled, lets `fast` overtake it, then lets `slow` go on.
async fn overtaken(
    env: &TestEnv,
    rule: Rule,
    calls: usize,
    slow: impl Future<Output = Answer>,
    fast: impl Future<Output = Answer>,
) -> (Answer, Answer) {
    let fired = env.faults.inject(rule.by("accounts").times(calls), Fault::Throttled);
    let mut slow = std::pin::pin!(slow);
    let held = async {
        while fired.times() < calls {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        answer = &mut slow => panic!("nothing held it: {}", answer.text()),
        () = held => {}
    }
    let fast = fast.await;
    (slow.await, fast)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_changes_at_once_one_wins_and_the_other_conflicts() {
    let env = TestEnv::new().await;
    let owner = env.owner();
    owner.put(PEOPLE, people(&[("early", "CREATOR"), ("late", "CREATOR")])).await.expect(200);
    let transfer = |user: &'static str| owner.post(TRANSFER, json!({"newOwnerUserId": user}));
    let (slow, fast) = overtaken(&env, Rule::on("TransactWriteItems"), 1, transfer("late"), transfer("early")).await;
    assert_eq!(fast.expect(200).json()["ownerUserId"], "early");
    slow.refused(409, "conflict");
    let early = env.user("early", &[]);
    assert_eq!(listed(&early).await, pairs(&[("demo", "OWNER")]));
    assert_eq!(listed(&env.user("late", &[])).await, pairs(&[("demo", "CREATOR")]));
    assert_eq!(listed(&owner).await, pairs(&[("demo", "OPERATOR")]));

    let replace = |user: &'static str| early.put(PEOPLE, people(&[(user, "CREATOR")]));
    let (slow, fast) = overtaken(&env, Rule::on("PutItem"), 1, replace("left"), replace("right")).await;
    slow.refused(409, "conflict");
    assert_eq!(early.get(PEOPLE).await.expect(200).json(), fast.expect(200).json());
    assert_eq!(listed(&env.user("left", &[])).await, pairs(&[]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collaborator_put_back_while_the_removal_is_still_under_way_keeps_the_handle_listed() {
    let env = TestEnv::new().await;
    let owner = env.owner();
    // The removal is decided; what is left of it, taking the handle off both lists, comes after the next change.
    let (removal, back) = (owner.put(PEOPLE, people(&[])), owner.put(PEOPLE, people(&[("creator", "OPERATOR")])));
    let (removal, back) = overtaken(&env, Rule::on("DeleteItem"), 2, removal, back).await;
    assert_eq!(removal.expect(200).json()["collaborators"], json!([]));
    assert_eq!(owner.get(PEOPLE).await.expect(200).json(), back.expect(200).json());
    assert_eq!(listed(&env.creator()).await, pairs(&[("demo", "OPERATOR")]));
    assert_eq!(listed(&env.operator()).await, pairs(&[]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_admin_sets_plan_and_time_zone_and_what_is_left_out_stays() {
    let env = TestEnv::with(TestEnvOptions { plan: "FREE", ..TestEnvOptions::default() }).await;
    const OWNERS: &str = "/v2/platform-admin/accounts/owner";
    let set = env.admin().put(OWNERS, json!({"plan": "PRO"})).await.expect(200).json();
    assert_eq!(set, json!({"userId": "owner", "plan": "PRO", "timeZone": "UTC"}));
    let set = env.admin().put(OWNERS, json!({"plan": "PRO", "timeZone": "Pacific/Auckland"})).await.expect(200).json();
    assert_eq!(set, json!({"userId": "owner", "plan": "PRO", "timeZone": "Pacific/Auckland"}));

    env.owner().put(PEOPLE, people(&[("creator", "CREATOR")])).await.expect(200);
    let usage = env.creator().get("/v2/handles/demo/usage-meters").await.expect(200).json();
    assert_eq!(
        usage,
        json!({
            "handle": "demo", "plan": "PRO", "timeZone": "Pacific/Auckland", "limits": {"writesPerDay": 10},
            "usage": {"writesToday": 1, "writesDay": "20260302"}, "resetsAt": "2026-03-02T11:00:00.000Z",
        })
    );

    for caller in [env.owner(), env.stranger(), env.user("admin", &["admins"])] {
        caller.put(OWNERS, json!({"plan": "ENTERPRISE"})).await.refused(403, "insufficient_role");
    }
    env.anonymous().put(OWNERS, json!({"plan": "ENTERPRISE"})).await.refused(401, "missing_bearer_token");
    let refused = [
        (json!({}), vec!["plan"]),
        (json!({"timeZone": "Europe/Berlin"}), vec!["plan"]),
        (json!({"plan": null}), vec!["plan"]),
        (json!({"plan": "PRO", "timeZone": "Mars/Phobos"}), vec!["timeZone"]),
        (json!({"plan": "PRO", "timeZone": ""}), vec!["timeZone"]),
        (json!({"plan": "PRO", "timeZone": 1}), vec!["timeZone"]),
        (json!({"plan": "PRO", "timeZone": "../../etc/passwd"}), vec!["timeZone"]),
        (json!({"plan": "GOLD"}), vec!["plan"]),
        (json!({"plan": "GOLD", "timeZone": "Mars/Phobos", "x": 1}), vec!["plan", "timeZone", "x"]),
    ];
    for (body, fields) in refused {
        assert_eq!(env.admin().put(OWNERS, body).await.refused(400, "invalid_payload").fields(), fields);
    }
    assert_eq!(
        env.admin().put("/v2/platform-admin/accounts/a%23b", json!({"plan": "PRO"})).await.refused(400, "invalid_payload").fields(),
        ["userId"]
    );
    assert_eq!(env.admin().put(OWNERS, json!({"plan": "PRO"})).await.expect(200).json(), set);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_admins_write_of_an_account_is_audited_beside_it() {
    let env = TestEnv::new().await;
    let answer = env.admin().put("/v2/platform-admin/accounts/owner", json!({"plan": "PRO"})).await.expect(200);
    let audited = account_events(&env, "owner").await;
    let [audited] = audited.as_slice() else { panic!("{audited:?}") };
    assert_eq!(
        (&audited["actor"], &audited["action"], &audited["target"]),
        (&json!({"kind": "JWT", "id": "admin"}), &json!("account.updated"), &json!("owner"))
    );
    assert_eq!((&audited["before"], &audited["after"]), (&json!({"plan": "ENTERPRISE"}), &json!({"plan": "PRO"})));
    assert_eq!(audited["requestId"], answer.header("x-request-id"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_its_own_users_and_shows_what_its_plan_includes() {
    let env = TestEnv::with(TestEnvOptions { plan: "FREE", ..TestEnvOptions::default() }).await;
    let account = env.stranger().get(ACCOUNT).await.expect(200).json();
    assert_eq!(
        account,
        json!({
            "userId": "stranger", "plan": "FREE", "timeZone": "UTC", "platformAdmin": false, "features": [],
            "limits": {"writesPerDay": 2}, "writesToday": 0, "writesDay": "20260301", "resetsAt": "2026-03-02T00:00:00.000Z",
        })
    );
    env.admin().put("/v2/platform-admin/accounts/owner", json!({"plan": "PRO"})).await.expect(200);
    env.creator().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    let owner = env.owner().get(ACCOUNT).await.expect(200).json();
    assert_eq!((&owner["features"], &owner["writesToday"]), (&json!(["growth_tools", "exports"]), &json!(1)), "a collaborator's write too");
    assert_eq!(env.creator().get(ACCOUNT).await.expect(200).json()["writesToday"], 0);
    assert_eq!(env.admin().get(ACCOUNT).await.expect(200).json()["platformAdmin"], true);
    env.anonymous().get(ACCOUNT).await.refused(401, "missing_bearer_token");
    let token = env.pat_client(&["links.*"]).await;
    token.get(ACCOUNT).await.refused(401, "invalid_token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_sets_the_own_time_zone_as_one_audited_write_and_nothing_else() {
    let env = TestEnv::with(TestEnvOptions { plan: "PRO", ..TestEnvOptions::default() }).await;
    let set = env.owner().put(ACCOUNT, json!({"timeZone": "Pacific/Auckland"})).await.expect(200);
    let account = set.json();
    assert_eq!(
        (&account["timeZone"], &account["writesDay"], &account["writesToday"], &account["resetsAt"]),
        (&json!("Pacific/Auckland"), &json!("20260302"), &json!(0), &json!("2026-03-02T11:00:00.000Z")),
        "the write was one of the day in UTC"
    );
    assert_eq!(env.owner().get(ACCOUNT).await.expect(200).json(), account);
    let audited = account_events(&env, "owner").await;
    let [event] = audited.as_slice() else { panic!("{audited:?}") };
    assert_eq!((&event["action"], &event["actor"]["id"]), (&json!("account.updated"), &json!("owner")));
    assert_eq!((&event["before"], &event["after"]), (&json!({"timeZone": "UTC"}), &json!({"timeZone": "Pacific/Auckland"})));
    assert_eq!(event["requestId"], set.header("x-request-id"));

    env.owner().put(ACCOUNT, json!({"timeZone": "Pacific/Auckland"})).await.expect(200);
    assert_eq!(env.owner().get(ACCOUNT).await.expect(200).json(), account, "nothing changed, nothing charged");
    for (body, fields) in [
        (json!({}), vec!["timeZone"]),
        (json!({"timeZone": null}), vec!["timeZone"]),
        (json!({"timeZone": "Mars/Phobos"}), vec!["timeZone"]),
        (json!({"timeZone": "UTC", "plan": "ENTERPRISE"}), vec!["plan"]),
    ] {
        assert_eq!(env.owner().put(ACCOUNT, body).await.refused(400, "invalid_payload").fields(), fields);
    }
    assert_eq!(account_events(&env, "owner").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moving_between_time_zones_gives_no_writes_beyond_those_of_the_days_it_reaches() {
    let env = TestEnv::with(TestEnvOptions { plan: "FREE", ..TestEnvOptions::default() }).await;
    // At noon UTC it is the 1st or the 2nd of March; an hour before, in the farthest west, still the 28th of February.
    let (mut done, mut reset) = (0, std::collections::BTreeSet::new());
    for (time, zones) in [
        ("2026-03-01T11:00:00Z", ["Etc/GMT+12", "Etc/GMT-14", "UTC", "Etc/GMT+12", "Etc/GMT-14"]),
        ("2026-03-01T12:30:00Z", ["Etc/GMT-14", "UTC", "Etc/GMT-13", "Etc/GMT+11", "Etc/GMT-14"]),
    ] {
        env.set_time(time);
        for zone in zones {
            // An administrator's changes are not charged.
            env.admin().put("/v2/platform-admin/accounts/stranger", json!({"plan": "FREE", "timeZone": zone})).await.expect(200);
            let account = env.stranger().get(ACCOUNT).await.expect(200).json();
            reset.insert(account["writesDay"].as_str().expect("a day").to_owned());
            for _ in 0..3 {
                let name = format!("shop-{done}");
                done += usize::from(env.stranger().post(HANDLES, json!({"handle": name})).await.status == 201);
            }
        }
    }
    assert_eq!((reset.len(), done), (3, 6), "two a day");
    let refused = env.stranger().put(ACCOUNT, json!({"timeZone": "UTC"})).await.refused(429, "rate_limited");
    assert_eq!(refused.json()["usage"]["writesDay"], "20260302");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zone_and_a_plan_that_are_set_at_once_are_both_kept() {
    let env = TestEnv::new().await;
    let fired = env.faults.inject(Rule::on("TransactWriteItems").by("accounts"), Fault::Throttled);
    let owner = env.owner();
    let mut zone = std::pin::pin!(owner.put(ACCOUNT, json!({"timeZone": "Asia/Tokyo"})));
    let held = async {
        while fired.times() < 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        answer = &mut zone => panic!("nothing held it: {}", answer.text()),
        () = held => {}
    }
    // It has read ENTERPRISE and waits to write it back with the zone.
    env.admin().put("/v2/platform-admin/accounts/owner", json!({"plan": "FREE"})).await.expect(200);
    let account = zone.await.expect(200).json();
    assert_eq!((&account["plan"], &account["timeZone"]), (&json!("FREE"), &json!("Asia/Tokyo")));
    assert_eq!(account_events(&env, "owner").await.len(), 2);
    for fault in [Fault::AnswerLost, Fault::Doubled, Fault::Conflict] {
        let fired = env.faults.inject(Rule::on("TransactWriteItems").by("accounts"), fault);
        let before = account_events(&env, "admin").await.len();
        env.admin().put("/v2/platform-admin/accounts/admin", json!({"plan": "PRO"})).await.expect(200);
        assert_eq!(account_events(&env, "admin").await.len(), before + 1, "{fault:?}");
        fired.at_least_once();
        env.faults.clear();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_meters_follow_the_owning_account() {
    let env = TestEnv::new().await;
    assert_eq!(writes_today(&env).await, 0);
    env.creator().put("/v2/handles/demo/links/launch", json!({"destinationUrl": "https://example.com/"})).await.expect(201);
    env.owner().put(PEOPLE, people(&[("creator", "CREATOR")])).await.expect(200);
    let meters = env.creator().get("/v2/handles/demo/usage-meters").await.expect(200).json();
    assert_eq!(
        (&meters["plan"], &meters["limits"]["writesPerDay"], &meters["usage"]["writesToday"]),
        (&json!("ENTERPRISE"), &json!(500), &json!(2))
    );
    assert_eq!(meters["resetsAt"], "2026-03-02T00:00:00.000Z");
    env.set_time("2026-03-01T23:59:59.999Z");
    assert_eq!(writes_today(&env).await, 2);
    env.advance_ms(1);
    assert_eq!(writes_today(&env).await, 0);
    env.owner().post(TRANSFER, json!({"newOwnerUserId": "creator"})).await.expect(200);
    assert_eq!(writes_today(&env).await, 0, "the meters are the new owner's");
    env.stranger().get("/v2/handles/demo/usage-meters").await.refused(404, "handle_not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_meters_show_the_writes_of_thirty_local_days_whatever_the_table_has_deleted() {
    let env = TestEnv::new().await;
    env.admin().put("/v2/platform-admin/accounts/owner", json!({"plan": "PRO", "timeZone": "Pacific/Auckland"})).await.expect(200);
    let mut expected = Vec::new();
    for day in 0..35_usize {
        for number in 0..day % 3 {
            env.put_link(&format!("link-{number}")).await;
        }
        let window = env.owner().get("/v2/account").await.expect(200).json();
        expected.push(json!({"writesDay": window["writesDay"], "writes": day % 3}));
        env.advance_days(1);
    }
    env.advance_days(-1);
    // What is shown is in the table for certain: DynamoDB may delete items past their time at any moment.
    let items = env.table_items().await;
    let ttl = |item: &Value| item["ttl"]["N"].as_str().unwrap().parse::<i64>().unwrap();
    for shown in &expected[5..] {
        let key = format!("QUOTA#owner#{}", shown["writesDay"].as_str().unwrap());
        let item = items.iter().find(|item| item["pk"]["S"] == key.as_str());
        assert!(item.map_or(shown["writes"] == 0, |item| ttl(item) > env.now().seconds()), "{shown}");
    }
    for days in [1, 7, 30] {
        let meters = env.creator().get(&format!("/v2/handles/demo/usage-meters?days={days}")).await.expect(200).json();
        assert_eq!(meters["days"], json!(expected[35 - days..]), "{days}");
    }
    assert_eq!(env.creator().get("/v2/handles/demo/usage-meters").await.expect(200).json().get("days"), None);
    for query in ["days=0", "days=31", "days=x"] {
        let refused = env.creator().get(&format!("/v2/handles/demo/usage-meters?{query}")).await.refused(400, "invalid_payload");
        assert_eq!(refused.fields(), ["days"]);
    }
    let stray = env.creator().get("/v2/handles/demo/usage-meters?day=1").await.refused(400, "invalid_payload");
    assert_eq!(stray.fields(), ["day"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_reports_whether_the_table_answers() {
    let env = TestEnv::new().await;
    let health = env.anonymous().get("/v2/system/health").await.expect(200).json();
    assert_eq!(health, json!({"status": "ok", "counting": "UNKNOWN", "version": env!("CARGO_PKG_VERSION")}));
    let fired = env.faults.inject(Rule::on("GetItem").by("accounts").always(), Fault::Unreachable);
    env.anonymous().get("/v2/system/health").await.refused(503, "unavailable");
    fired.at_least_once();
    env.faults.clear();
    env.anonymous().get("/v2/system/health").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_out_of_reach_or_overloaded_is_answered_with_503_and_a_time_to_wait() {
    let env = TestEnv::new().await;
    for fault in [Fault::Unreachable, Fault::Throttled] {
        let fired = env.faults.inject(Rule::any().by("accounts").always(), fault);
        let (owner, admin) = (env.owner(), env.admin());
        let answers = [
            owner.post(HANDLES, json!({"handle": "shop"})).await,
            owner.get(HANDLES).await,
            owner.get(DEMO).await,
            owner.get(PEOPLE).await,
            owner.put(PEOPLE, people(&[])).await,
            owner.post(TRANSFER, json!({"newOwnerUserId": "creator"})).await,
            owner.get("/v2/handles/demo/usage-meters").await,
            admin.put("/v2/platform-admin/accounts/owner", json!({"plan": "PRO"})).await,
        ];
        assert!(fired.times() >= 3 * answers.len(), "every call is tried three times");
        for answer in answers {
            let answer = answer.refused(503, "unavailable");
            assert_eq!(answer.header("retry-after"), "1");
            assert_eq!(answer.json().as_object().expect("a body").len(), 3, "nothing of the cause: {}", answer.text());
        }
        env.faults.clear();
    }
    assert_eq!(env.owner().get(DEMO).await.expect(200).json()["role"], "OWNER");
    assert_eq!(listed(&env.owner()).await, pairs(&[("demo", "OWNER")]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handle_made_despite_lost_doubled_and_refused_calls_is_made_once_and_charged_once() {
    let env = TestEnv::new().await;
    let mut made = 0;
    for fault in [Fault::AnswerLost, Fault::Doubled, Fault::Throttled, Fault::Unreachable] {
        for number in 0.. {
            let name = format!("{fault:?}-{number}").to_lowercase();
            let fired = env.faults.inject(Rule::any().by("accounts").after(number), fault);
            let answer = env.owner().post(HANDLES, json!({"handle": name})).await;
            env.faults.clear();
            assert_eq!(answer.status.as_u16(), 201, "{name}: {}", answer.text());
            made += 1;
            assert_eq!(env.owner().get(&format!("{HANDLES}/{name}")).await.expect(200).json(), answer.json());
            if fired.times() == 0 {
                assert!(number >= 4, "an account, a charge, a membership and a handle: {number} calls only");
                break;
            }
        }
    }
    assert_eq!(listed(&env.owner()).await.len(), made + 1);
    assert_eq!(writes_today(&env).await, made);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_crash_at_any_call_of_making_a_handle_asking_again_leaves_the_caller_its_owner() {
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        let env = TestEnv::new().await;
        let stranger = env.stranger();
        let mut expected = Vec::new();
        for number in 0.. {
            let name = format!("shop-{number}");
            let path = format!("{HANDLES}/{name}");
            let outcome = env.crash_at("accounts", number, fault, stranger.post(HANDLES, json!({"handle": name}))).await;
            // What is listed exists, and what exists is listed.
            let exists = stranger.get(&path).await.status == 200;
            let mut now = expected.clone();
            now.extend(pairs(&[(name.as_str(), "OWNER")]).into_iter().filter(|_| exists));
            assert_eq!(listed(&stranger).await, now, "{fault:?} at {number}");

            env.advance_ms(1);
            let again = stranger.post(HANDLES, json!({"handle": name})).await;
            assert_eq!(again.status.as_u16(), if exists { 409 } else { 201 }, "{fault:?} at {number}");
            assert_eq!(stranger.get(&path).await.expect(200).json()["role"], "OWNER");
            expected.extend(pairs(&[(name.as_str(), "OWNER")]));
            assert_eq!(listed(&stranger).await, expected);
            env.owner().post(HANDLES, json!({"handle": name})).await.refused(409, "conflict");
            if outcome.is_some() {
                assert!(number >= 4, "{number} calls only");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_crash_at_any_call_of_replacing_people_asking_again_ends_right() {
    for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::AnswerLost, Fault::Doubled] {
        let env = TestEnv::new().await;
        let next = people(&[("creator", "OPERATOR"), ("newcomer", "CREATOR")]);
        let newcomer = env.user("newcomer", &[]);
        for number in 0.. {
            env.owner().put(PEOPLE, people(&[("creator", "CREATOR"), ("operator", "OPERATOR")])).await.expect(200);
            let is_crash = matches!(fault, Fault::CrashBefore | Fault::CrashAfter);
            let done = if is_crash {
                let outcome = env.crash_at("accounts", number, fault, env.owner().put(PEOPLE, next.clone())).await;
                // No list lacks a handle of its caller, and the right list is one of the two.
                let now = env.owner().get(PEOPLE).await.expect(200).json()["collaborators"].clone();
                let is_new = now == next["collaborators"];
                assert!(is_new || now == people(&[("creator", "CREATOR"), ("operator", "OPERATOR")])["collaborators"], "{now}");
                assert_eq!(listed(&newcomer).await.len(), usize::from(is_new), "{fault:?} at {number}");
                assert_eq!(listed(&env.operator()).await.len(), usize::from(!is_new), "{fault:?} at {number}");
                outcome.is_some()
            } else {
                let fired = env.faults.inject(Rule::any().by("accounts").after(number), fault);
                env.owner().put(PEOPLE, next.clone()).await.expect(200);
                env.faults.clear();
                fired.times() == 0
            };
            env.advance_ms(1);
            let again = env.owner().put(PEOPLE, next.clone()).await.expect(200).json();
            assert_eq!(again["collaborators"], next["collaborators"], "{fault:?} at {number}");
            assert_eq!(listed(&newcomer).await, pairs(&[("demo", "CREATOR")]));
            assert_eq!(listed(&env.creator()).await, pairs(&[("demo", "OPERATOR")]));
            assert_eq!(listed(&env.operator()).await, pairs(&[]));
            env.operator().get(DEMO).await.refused(404, "handle_not_found");
            if done {
                assert!(number >= 6, "{number} calls only");
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_handle_is_no_punycode_and_a_path_that_is_no_text_is_answered_as_such() {
    let env = TestEnv::new().await;
    for name in ["xn--80ak6aa92e", "xn--a"] {
        assert_eq!(env.owner().post(HANDLES, json!({ "handle": name })).await.refused(400, "invalid_payload").fields(), ["handle"]);
    }
    for path in ["/v2/handles/%ff", "/v2/handles/demo/links/%ff", "/v2/handles/demo/webhooks/%ff", "/v2/handles/demo/conversions/%c3%28"] {
        assert_eq!(env.owner().get(path).await.refused(400, "invalid_payload").fields(), ["path"], "{path}");
        env.anonymous().get(path).await.refused(401, "missing_bearer_token");
    }
}
