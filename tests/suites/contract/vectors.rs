//! The conformance vectors of `tests/vectors`, held against what answers here: what they say of us is true.

use domain::clicks::ctx::{Consent, CtxClaims, Keyring};
use domain::values::moment::Moment;
use serde_json::{Map, Value, json};
use tests::TestEnv;

fn vectors(text: &str, section: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(text).unwrap();
    let vectors = document[section].as_array().unwrap().clone();
    let mut names: Vec<&str> = vectors.iter().map(|vector| vector["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert!(names.len() > 10 && names.windows(2).all(|two| two[0] != two[1]), "each vector has a name of its own: {names:?}");
    vectors
}

/// A value as the vectors are compared: a member that is null is absent, and 50.00 is 50.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(values) => values.iter().map(plain).collect(),
        Value::Number(number) => json!(number.as_f64()),
        other => other.clone(),
    }
}

fn without(mut body: Value, name: &str) -> (String, Value) {
    let taken = body.as_object_mut().unwrap().remove(name).unwrap();
    (taken.as_str().unwrap().to_owned(), body)
}

/// The rules of a vector, each with its id.
fn rules(vector: &Value) -> Vec<(String, Value)> {
    vector["rules"].as_array().into_iter().flatten().map(|rule| without(rule.clone(), "ruleId")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn routing_is_as_its_vectors_say() {
    const LINK: &str = "/v2/handles/demo/links/launch";
    let env = TestEnv::new().await;
    env.campaign("spring-2026").await;
    for vector in vectors(include_str!("../../vectors/routing.json"), "vectors") {
        let name = &vector["name"];
        env.owner().put(LINK, vector["link"].clone()).await.expect(201);
        for (id, body) in rules(&vector) {
            env.owner().put(&format!("/v2/handles/demo/personalization-rules/{id}"), body).await.expect(201);
        }
        for _ in 0..vector["clicksUsed"].as_u64().unwrap_or(0) {
            env.visitor().follow("launch").await;
        }
        let answer = env.creator().post(&format!("{LINK}/route-preview"), vector["visit"].clone()).await.expect(200).json();
        let actual: Map<String, Value> =
            vector["expect"].as_object().unwrap().keys().map(|member| (member.clone(), answer[member].clone())).collect();
        assert_eq!(plain(&actual.into()), plain(&vector["expect"]), "{name}");
        env.owner().delete(LINK).await.expect(204);
        for (id, _) in rules(&vector) {
            env.owner().delete(&format!("/v2/handles/demo/personalization-rules/{id}")).await.expect(204);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_chain_decides_as_its_vectors_say() {
    let env = TestEnv::new().await;
    for vector in vectors(include_str!("../../vectors/chain.json"), "vectors") {
        let (name, session, trigger) = (&vector["name"], &vector["sessionId"], &vector["trigger"]);
        for signal in vector["signals"].as_array().unwrap() {
            env.set_time(signal["occurredAt"].as_str().unwrap());
            let body = json!({"handle": "demo", "sessionId": session, "signals": [signal]});
            env.anonymous().post("/v2/public/chain/signals", body).await.expect(202);
        }
        env.set_time(vector["now"].as_str().unwrap());
        if vector["converted"] == true {
            let id = session.as_str().unwrap().parse().unwrap();
            env.unrestricted_store().sessions().mark_converted(&env.handle(), &id, env.now(), env.now()).await.unwrap();
        }
        for (id, body) in rules(&vector) {
            env.creator().put(&format!("/v2/handles/demo/chain/rules/{id}"), body).await.expect(201);
        }
        let question = json!({"handle": "demo", "sessionId": session, "trigger": trigger});
        let resolved = env.anonymous().post("/v2/public/chain/resolve", question).await.expect(200).json();
        assert_eq!(plain(&resolved), plain(&vector["expect"]), "{name}");
        let questions = json!({"handle": "demo", "sessionId": session, "triggers": [trigger]});
        let prefetched = env.anonymous().post("/v2/public/chain/prefetch", questions).await.expect(200).json();
        assert_eq!(prefetched["decisions"][trigger.as_str().unwrap()], resolved, "{name}");
        for (id, _) in rules(&vector) {
            env.creator().delete(&format!("/v2/handles/demo/chain/rules/{id}")).await.expect(204);
        }
    }
}

fn ring(current: &Value, keys: &Value) -> Keyring {
    let mut document = keys.clone();
    document["current"] = current.clone();
    Keyring::from_json(&document.to_string()).unwrap()
}

fn claims(json: &Value) -> CtxClaims {
    let text = |name: &str| json[name].as_str();
    CtxClaims {
        click_id: text("clickId").unwrap().parse().unwrap(),
        handle: text("handle").unwrap().parse().unwrap(),
        slug: text("slug").unwrap().parse().unwrap(),
        campaign_id: text("campaignId").map(|id| id.parse().unwrap()),
        rule: text("rule").map(str::to_owned),
        session_id: text("sessionId").map(|id| id.parse().unwrap()),
        chain_position: u8::try_from(json["chainPosition"].as_u64().unwrap()).unwrap(),
        consent: serde_json::from_value::<Consent>(json["consent"].clone()).unwrap(),
        bot: json["bot"].as_bool().unwrap(),
        expires_at: text("expiresAt").unwrap().parse().unwrap(),
    }
}

#[test]
fn tokens_are_sealed_and_opened_as_their_vectors_say() {
    const CTX: &str = include_str!("../../vectors/ctx.json");
    let document: Value = serde_json::from_str(CTX).unwrap();
    for vector in vectors(CTX, "sealed") {
        let (ring, claims, token) =
            (ring(&vector["current"], &document["keys"]), claims(&vector["claims"]), vector["token"].as_str().unwrap());
        assert_eq!(ring.seal(&claims), token, "{}", vector["name"]);
        assert_eq!(ring.open(token, claims.click_id.moment()), Ok(claims), "{}", vector["name"]);
    }
    for vector in vectors(CTX, "opened") {
        let current = vector["keys"].as_object().unwrap().keys().next().unwrap();
        let now: Moment = vector["now"].as_str().unwrap().parse().unwrap();
        let opened = ring(&json!(current), &vector["keys"]).open(vector["token"].as_str().unwrap(), now);
        let actual = opened.map_err(|rejected| rejected.as_str().to_owned());
        let expected = match vector["reason"].as_str() {
            Some(reason) => Err(reason.to_owned()),
            None => Ok(claims(&vector["claims"])),
        };
        assert_eq!(actual, expected, "{}", vector["name"]);
    }
}
