//! Redirects while queue or table fail.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parked_click_that_the_sweeper_cannot_send_at_first_is_sent_by_its_next_run() {
    let env = TestEnv::new().await;
    env.put_link("launch").await.expect(201);
    for function in ["redirect", "sweeper"] {
        let refused = env.faults.inject(Rule::on("SendMessage").by(function).always(), Fault::Unreachable);
        match function {
            "redirect" => drop(env.visitor().follow("launch").await.expect(302)),
            _ => env.sweep().await,
        }
        refused.at_least_once();
        env.faults.clear();
        env.advance_ms(60_000);
    }
    env.sweep().await;
    env.process_events().await;
    assert_eq!(env.report("from=2026-03-01&to=2026-03-01").await["totals"]["clicks"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_the_queue_refuses_is_parked_and_counted_once_by_the_sweeper() {
    let env = env_with(json!({})).await;
    for fault in [Fault::Unreachable, Fault::Throttled] {
        env.advance_days(1);
        let fired = env.faults.inject(Rule::on("SendMessage").by("redirect").always(), fault);
        let redirect = env.visitor().follow("launch").await.expect(302);
        fired.at_least_once();
        let click_id = claims(&env, &redirect).click_id;
        env.faults.clear();
        assert_eq!(queued(&env).await, 0);
        for _ in 0..2 {
            env.sweep().await;
            assert_eq!(only_click(&env).await.id, click_id);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_queue_and_table_a_warm_link_still_redirects_with_ctx() {
    let env = env_with(json!({})).await;
    env.visitor().follow("launch").await.expect(302);
    env.advance_ms(60_000);
    let fired = env.faults.inject(Rule::any().by("redirect").always(), Fault::Unreachable);
    let redirect = env.visitor().follow("launch").await.expect(302);
    fired.at_least_once();
    let called: BTreeSet<String> = calls(&env).into_iter().collect();
    assert!(["BatchGetItem", "SendMessage", "PutItem"].iter().all(|operation| called.contains(*operation)), "{called:?}");
    assert_eq!(masked(&redirect), format!("{PRODUCT}?ctx=CTX"));
    env.anonymous().get(&format!("/v2/public/context?ctx={}", redirect.ctx())).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_one_call_of_a_warm_redirect_can_fail_in_any_way_and_it_still_redirects() {
    let env = env_with(json!({})).await;
    for fault in [Fault::Unreachable, Fault::AnswerLost, Fault::Throttled, Fault::Conflict, Fault::Doubled] {
        for operation in ["BatchGetItem", "SendMessage"] {
            env.visitor().follow("launch").await.expect(302);
            env.advance_ms(6_000);
            let fired = env.faults.inject(Rule::on(operation).by("redirect").always(), fault);
            env.visitor().follow("launch").await.expect(302);
            fired.at_least_once();
            env.faults.clear();
        }
    }
    env.sweep().await;
    assert_eq!(clicks(&env).await.len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_whose_message_was_sent_but_whose_answer_was_lost_counts_once() {
    let env = env_with(json!({})).await;
    for (fault, lost, sent) in [(Fault::AnswerLost, 1, 2), (Fault::AnswerLost, 2, 2), (Fault::Doubled, 1, 2)] {
        env.advance_days(1);
        let fired = env.faults.inject(Rule::on("SendMessage").by("redirect").times(lost), fault);
        env.visitor().follow("launch").await.expect(302);
        assert_eq!(fired.times(), lost);
        env.faults.clear();
        assert_eq!(queued(&env).await, sent, "{fault:?} {lost}");
        env.sweep().await;
        only_click(&env).await;
        let report =
            env.owner().get(&format!("/v2/handles/demo/analytics?groupBy=day&from={0}&to={0}", env.now().day())).await.expect(200).json();
        assert_eq!(report["totals"]["clicks"], 1, "{fault:?} {lost}");
    }
}
