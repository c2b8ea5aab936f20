//! Which operations the host of a handle has.

use tests::operations::{Step, Walk, path_of, requests, steps};

const HOST: &str = "demo.links.example";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host_of_a_handle_answers_links_and_public_routes_and_nothing_else() {
    let mut walk = Walk::begin().await;
    let (mut answered, mut refused) = (0, 0);
    for step in steps() {
        walk.env.advance_ms(1000);
        let operation = match step {
            Step::Event(_) => {
                walk.run_worker(step.function()).await;
                continue;
            }
            Step::Request(operation) => operation,
        };
        let (caller, path) = (walk.caller(operation.caller), operation.raw_path());
        if path.starts_with("/v2/public/") || operation.path == "/{slug}" {
            let answer = walk.send_to(HOST, &caller, operation, &path).await;
            walk.values.learn(operation, &answer.expect(operation.status));
            answered += 1;
            continue;
        }
        walk.env.faults.take_calls();
        let answer = walk.send_to(HOST, &caller.clone().with("accept", "*/*"), operation, &path).await;
        if operation.method == "HEAD" {
            assert!(answer.expect(404).body.is_empty(), "{}", operation.name);
        } else {
            answer.refused(404, "not_found");
        }
        assert_eq!(walk.env.faults.take_calls(), [], "{}", operation.name);
        if operation.headers.iter().all(|(name, _)| *name != "accept") {
            let page = walk.send_to(HOST, &caller.clone().with("accept", "text/html"), operation, &path).await.expect(404);
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{}", operation.name);
        }
        // Where it belongs it is there.
        let answer = walk.send(&walk.caller(operation.caller), operation, &path).await;
        walk.values.learn(operation, &answer.expect(operation.status));
        refused += 1;
    }
    assert_eq!(answered + refused, requests().count());
    assert!(answered >= 10 && refused >= 50, "{answered} {refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operations_of_the_document_are_on_the_host_of_a_handle_only_if_they_are_public() {
    let walk = Walk::begin().await;
    for (method, template) in walk.env.contract.operations() {
        let path = path_of(&template).replace("{{", "").replace("}}", "");
        let owner = walk.env.owner().with("host", HOST);
        let answer = owner.send(method.parse().expect("a method"), &path, Vec::new()).await;
        let is_unknown = answer.status == 404 && answer.json()["message"] == "no such link";
        assert_eq!(is_unknown, !template.starts_with("/v2/public/"), "{method} {template}: {}", answer.text());
    }
}
