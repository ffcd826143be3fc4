//! Who calls: id and secret, tokens, API keys.

use super::*;

/// X1, X2
#[tokio::test]
async fn id_and_secret_are_exchanged_for_a_token_that_calls_as_the_application() {
    let house = house();
    let (id, code) = begun(&house).await;
    let right = basic("web", "key-of-web");
    let answer =
        form(&house, &[("authorization", &right)], "grant_type=client_credentials&scope=sms+otp").await;
    answer.is_dressed();
    let token = answer.body["access_token"].as_str().unwrap().to_owned();
    let expected =
        json!({ "access_token": token, "expires_in": 315_360_000, "token_type": "Bearer", "scope": "otp" });
    assert_eq!((answer.status, &answer.body), (200, &expected));
    let bearer = format!("Bearer {token}");
    let called = [("authorization", bearer.as_str())];
    let shown = ask(&house, Method::GET, &format!("/otp/{id}"), &called, "").await;
    assert_eq!(shown.body["status"], "PENDING");
    let json = ("content-type", "application/json");
    let checked = json!({ "pin": code }).to_string();
    let checked = ask(&house, Method::POST, &format!("/otp/{id}"), &[called[0], json], &checked).await;
    assert_eq!(checked.body, json!({ "status": "VERIFIED" }));

    let in_form = "grant_type=client_credentials&client_id=shop&client_secret=key-of-shop&other=1";
    assert_eq!(form(&house, &[], in_form).await.status, 200);
    let wrong = basic("web", "key-of-shop");
    for (headers, body, status, kind) in [
        (vec![("authorization", right.as_str())], "", 400, "invalid_request"),
        (vec![("authorization", right.as_str())], "grant_type=", 400, "invalid_request"),
        (vec![("authorization", right.as_str())], "grant_type=a&grant_type=b", 400, "invalid_request"),
        (vec![("authorization", right.as_str())], "grant_type=password", 400, "unsupported_grant_type"),
        (
            vec![("authorization", right.as_str())],
            "grant_type=client_credentials&scope=root",
            400,
            "invalid_scope",
        ),
        (
            vec![("authorization", right.as_str())],
            "grant_type=client_credentials&scope=sms",
            400,
            "invalid_scope",
        ),
        (vec![("authorization", wrong.as_str())], "grant_type=client_credentials", 401, "invalid_client"),
        (vec![("authorization", "Basic ?")], "grant_type=client_credentials", 401, "invalid_client"),
        (vec![], "grant_type=client_credentials", 401, "invalid_client"),
        (vec![], "grant_type=client_credentials&client_id=web", 401, "invalid_client"),
    ] {
        form(&house, &headers, body).await.is(status, kind, 1600);
    }
}

/// A token ends by its own time, with the API key that it was made from, and lacks what it was not made for.
#[tokio::test]
async fn a_token_dies_with_its_api_key() {
    let house = house();
    let face = house.face();
    let directory = face.verifier.directory();
    let web = directory.application("web").unwrap();
    let new = |scope, application: Option<&str>| NewApiKey {
        scope,
        application: application.map(str::to_owned),
        name: String::new(),
        expires_at: None,
    };
    for (scope, application) in [(Scope::Application, Some("web")), (Scope::Account, None)] {
        let (key, secret) = directory.new_key(new(scope, application)).await.unwrap();
        let signed = form(
            &house,
            &[("authorization", &basic("web", secret.expose()))],
            "grant_type=client_credentials",
        )
        .await;
        let token = signed.body["access_token"].as_str().unwrap().to_owned();
        assert!(face.verifier.token(&token).is_some_and(|(found, _)| found.id == "web"));
        directory.revoke(&key.id).await.unwrap();
        assert!(face.verifier.token(&token).is_none(), "{scope}");
    }
    let operators = directory.new_key(new(Scope::Operator, None)).await.unwrap().1;
    form(&house, &[("authorization", &basic("web", operators.expose()))], "grant_type=client_credentials")
        .await
        .is(401, "invalid_client", 1600);
    let key = provider_api::Secret::new("key-of-web");
    let day = Some(Duration::from_hours(24));
    let (brief, other) = (
        face.verifier.issue_token(&web, &key, "otp", day),
        face.verifier.issue_token(&web, &key, "sms", day),
    );
    let bearer = format!("Bearer {}", other.expose());
    ask(&house, Method::GET, "/otp/1", &[("authorization", &bearer)], "").await.is(
        403,
        "insufficient_scope",
        403,
    );
    house.hand.advance(Duration::from_hours(24) - Duration::from_secs(1));
    assert!(face.verifier.token(brief.expose()).is_some());
    house.hand.advance(Duration::from_secs(1));
    assert!(face.verifier.token(brief.expose()).is_none());
}

/// A key that is good for every application needs one named, and another's is refused.
#[tokio::test]
async fn an_account_key_says_as_which_application_it_calls() {
    let house = house();
    let (id, _) = begun(&house).await;
    let face = house.face();
    let account =
        NewApiKey { scope: Scope::Account, application: None, name: String::new(), expires_at: None };
    let account = face.verifier.directory().new_key(account).await.unwrap().1;
    let path = format!("/otp/{id}");
    let key = ("x-api-key", account.expose());
    let named = |id| ("passrelay-application", id);
    assert_eq!(ask(&house, Method::GET, &path, &[key, named("web")], "").await.status, 200);
    ask(&house, Method::GET, &path, &[key, named("shop")], "").await.is(404, "not_found", 2021);
    for headers in [
        vec![key],
        vec![key, named("nobody")],
        vec![key, named("web"), named("shop")],
        vec![KEY, named("shop")],
    ] {
        ask(&house, Method::GET, &path, &headers, "").await.is(403, "access_denied", 403);
    }
}
