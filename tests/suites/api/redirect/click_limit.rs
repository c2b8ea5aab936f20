//! Links with `maxClicks`, also under concurrency.

use super::*;

/// A thousand people at once at a link for a hundred: how many were redirected, and how many got the answer that it has ended.
async fn rush(env: &TestEnv) -> (usize, usize) {
    let visits = futures::stream::iter(0..1_000_u32).map(|number| async move {
        env.visitor().from(&format!("10.0.{}.{}", number / 250, number % 250)).follow("launch").await.status.as_u16()
    });
    let statuses: Vec<u16> = visits.buffer_unordered(32).collect().await;
    let of = |status: u16| statuses.iter().filter(|answered| **answered == status).count();
    (of(302), of(410))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_for_a_hundred_clicks_takes_exactly_a_hundred_of_a_thousand() {
    let env = env_with(json!({"maxClicks": 100})).await;
    assert_eq!(rush(&env).await, (100, 900));
    env.sweep().await;
    assert_eq!(clicks(&env).await.len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_for_a_hundred_clicks_takes_no_more_when_answers_are_lost() {
    let env = env_with(json!({"maxClicks": 100})).await;
    let fired = env.faults.inject(Rule::on("UpdateItem").by("redirect").after(20).times(5), Fault::AnswerLost);
    let (followed, ended) = rush(&env).await;
    assert_eq!(fired.times(), 5);
    // A click whose answer is lost may use two when another visitor comes in between, never none.
    assert!((95..=100).contains(&followed), "{followed}");
    assert_eq!(followed + ended, 1_000);
    env.sweep().await;
    assert_eq!(clicks(&env).await.len(), followed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_whose_count_was_lost_on_the_way_back_uses_one_and_gets_on() {
    let env = env_with(json!({"maxClicks": 2})).await;
    let fired = env.faults.inject(Rule::on("UpdateItem").by("redirect"), Fault::AnswerLost);
    env.visitor().follow("launch").await.expect(302);
    assert_eq!(fired.times(), 1);
    env.visitor().follow("launch").await.expect(302);
    env.visitor().follow("launch").await.refused(410, "link_expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bots_prefetches_headers_and_forms_use_no_click_of_a_limited_link() {
    let env = env_with(json!({"maxClicks": 1})).await;
    link(&env, "secret", json!({"maxClicks": 1, "password": "open sesame"})).await;
    for _ in 0..3 {
        env.visitor().with("user-agent", "Googlebot/2.1").follow("launch").await.expect(302);
        env.visitor().with("sec-purpose", "prefetch").follow("launch").await.expect(302);
        env.visitor().head("launch").await.expect(302);
        env.visitor().follow("secret").await.expect(200);
    }
    env.visitor().unlock("secret", "wrong").await.expect(403);
    env.visitor().unlock("secret", "open sesame").await.expect(303);
    env.visitor().unlock("secret", "open sesame").await.refused(410, "link_expired");
    env.visitor().follow("secret").await.refused(410, "link_expired");
    env.visitor().follow("launch").await.expect(302);
    env.visitor().follow("launch").await.refused(410, "link_expired");
    env.visitor().with("user-agent", "Googlebot/2.1").follow("launch").await.refused(410, "link_expired");
    env.visitor().head("launch").await.expect(410);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limited_links_clicks_survive_a_change_and_start_again_with_a_new_link() {
    let env = env_with(json!({"maxClicks": 1})).await;
    env.visitor().follow("launch").await.expect(302);
    link(&env, "launch", json!({"maxClicks": 1, "title": "changed"})).await;
    env.advance_ms(5_000);
    env.visitor().follow("launch").await.refused(410, "link_expired");
    link(&env, "launch", json!({"maxClicks": 2})).await;
    env.advance_ms(5_000);
    env.visitor().follow("launch").await.expect(302);
    env.visitor().follow("launch").await.refused(410, "link_expired");

    env.owner().delete(&format!("{LINKS}/launch")).await.expect(204);
    link(&env, "launch", json!({"maxClicks": 1})).await;
    env.advance_ms(5_000);
    env.visitor().follow("launch").await.expect(302);
    env.visitor().follow("launch").await.refused(410, "link_expired");
}
