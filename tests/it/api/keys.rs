//! Whose key it is decides what is there.

use super::{ADA, world};
use reqwest::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn another_applications_verification_is_as_good_as_none() {
    let world = world("thread").await;
    let start = world.begin(&json!({ "to": ADA })).await;
    let code = world.code_for(ADA);
    let nobodys = "/v1/verifications/ver_00000000000000000000000000000000";
    for path in [start.path(), nobodys.to_owned(), "/v1/verifications/..%2f%ff".to_owned()] {
        for (method, path) in [
            (Method::GET, path.clone()),
            (Method::DELETE, path.clone()),
            (Method::POST, format!("{path}/checks")),
            (Method::GET, format!("{path}/deliveries")),
        ] {
            let request = world.bare(method, &path).bearer_auth("key-of-other-0123456789");
            let answer = world.ask(request.json(&json!({ "code": code }))).await;
            assert_eq!(
                answer.is_problem(404, "verification-not-found"),
                "this application has no verification of that id"
            );
        }
    }
    assert_eq!(world.check(&start.path(), &code).await.body["checks_left"], json!(null), "none was spent");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_of_an_application_nothing_is_done() {
    let world = world("thread").await;
    let request = || world.bare(Method::POST, "/v1/verifications").json(&json!({ "to": ADA }));
    for wrong in [
        request(),
        request().bearer_auth(""),
        request().bearer_auth("key-of-web-012345678"),
        request().bearer_auth("key-of-web-01234567899"),
        request().bearer_auth("KEY-OF-WEB-0123456789"),
        request().basic_auth("key-of-web-0123456789", Some("")),
        request().header("authorization", "key-of-web-0123456789"),
        request().bearer_auth(harness::KEY).bearer_auth(harness::KEY),
        request().header("authorization", b"Bearer \xff\xfe".as_slice()),
        request().bearer_auth("k".repeat(4096)),
    ] {
        let answer = world.ask(wrong).await;
        answer.is_problem(401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    assert!(world.messages().is_empty());
    assert!(!world.log().contains("key-of-"), "no key stands in the log");
    world.stop().await;
}
