//! Entities, factors and challenges: an authenticator app is enrolled, verified and asked, as the SDKs send it.

use super::{ACCOUNT, WEB, service, world};
use harness::{Answer, World};
use passrelay::seal::{CodeHash, SharedSecret};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// The secret of RFC 4226 and RFC 6238.
pub(super) const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// The entities of the application of the file.
pub(super) fn entities() -> String {
    format!("/Services/{WEB}/Entities")
}

/// Moves the clock to this second since 1970.
fn go_to(world: &World, second: i64) {
    let now = world.clock.clock().now().as_second();
    world.clock.advance(Duration::from_secs(u64::try_from(second - now).unwrap()));
}

/// The code that an app shows this many steps of 30 seconds from now.
pub(super) fn shown(world: &World, secret: &str, steps: i64) -> String {
    let step = world.clock.clock().now().as_second() / 30 + steps;
    let secret = SharedSecret::read(secret).unwrap();
    let code = secret.code(CodeHash::Sha1, step.try_into().unwrap(), 6).expose().to_owned();
    world.keeps_secret(&code);
    code
}

/// The path of a verified factor of this entity, and the app's secret.
pub(super) async fn enrolled(world: &World, entity: &str) -> (String, String) {
    let path = format!("{entity}/Factors");
    let made = world.submit(&path, &[("FriendlyName", "phone"), ("FactorType", "totp")]).await;
    made.ok(201);
    let secret = made.body["binding"]["secret"].as_str().unwrap().to_owned();
    world.keeps_secret(&secret);
    let factor = format!("{path}/{}", made.text("sid"));
    let verified = world.submit(&factor, &[("AuthPayload", &shown(world, &secret, -1))]).await;
    assert_eq!(verified.ok(200)["status"], "verified");
    (factor, secret)
}

/// Challenges the factor at this path.
pub(super) async fn challenge(world: &World, factor: &str, more: &[(&str, &str)]) -> Answer {
    let (entity, sid) = factor.split_once("/Factors/").unwrap();
    world.submit(&format!("{entity}/Challenges"), &[&[("FactorSid", sid)], more].concat()).await
}

async fn remove(world: &World, path: &str) -> Answer {
    world.tell(world.account(Method::DELETE, path)).await
}

/// T4, with the vectors of RFC 6238 appendix B.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_enrolled_verified_and_asked_and_every_field_is_answered() {
    let world = world().await;
    go_to(&world, 2_000_000_000);
    let made = world.submit(&entities(), &[("Identity", "user-0001")]).await;
    let base = format!("http://{}/v2{}/user-0001", world.address(), entities());
    let entity_sid = made.text("sid").to_owned();
    assert!(entity_sid.starts_with("YE") && entity_sid.len() == 34, "{entity_sid}");
    let entity = json!({
        "sid": entity_sid, "identity": "user-0001", "account_sid": ACCOUNT, "service_sid": WEB,
        "date_created": "2033-05-18T03:33:20Z", "date_updated": "2033-05-18T03:33:20Z", "url": base,
        "links": {
            "factors": format!("{base}/Factors"), "new_factors": format!("{base}/Factors"),
            "challenges": format!("{base}/Challenges"),
        },
    });
    assert_eq!(made.ok(201), &entity);
    let path = format!("{}/user-0001", entities());
    assert_eq!(world.look(&path).await.ok(200), &entity);

    world.keeps_secret(SECRET);
    let form = [
        ("FriendlyName", "Ada's phone"),
        ("FactorType", "totp"),
        ("Binding.Secret", SECRET),
        ("Config.TimeStep", "30"),
        ("Config.Alg", "sha1"),
        ("Metadata", r#"{"os": "Android"}"#),
    ];
    let made = world.submit(&format!("{path}/Factors"), &form).await;
    let factor_sid = made.text("sid").to_owned();
    assert!(factor_sid.starts_with("YF") && factor_sid.len() == 34, "{factor_sid}");
    let mut factor = json!({
        "sid": factor_sid, "account_sid": ACCOUNT, "service_sid": WEB, "entity_sid": entity_sid,
        "identity": "user-0001", "friendly_name": "Ada's phone", "status": "unverified", "factor_type": "totp",
        "config": { "alg": "sha1", "skew": 1, "code_length": 6, "time_step": 30 }, "metadata": { "os": "Android" },
        "date_created": "2033-05-18T03:33:20Z", "date_updated": "2033-05-18T03:33:20Z",
        "url": format!("{base}/Factors/{factor_sid}"),
    });
    let mut first = factor.clone();
    first["binding"] = json!({
        "secret": SECRET,
        "uri": format!("otpauth://totp/web:Ada%27s%20phone?secret={SECRET}&issuer=web&algorithm=SHA1&digits=6&period=30"),
    });
    first["options"] = Value::Null;
    assert_eq!(made.ok(201), &first);
    let factor_path = format!("{path}/Factors/{factor_sid}");
    assert_eq!(world.look(&factor_path).await.ok(200), &factor, "the secret is told once");

    let verified = world.submit(&factor_path, &[("AuthPayload", "279 037")]).await;
    factor["status"] = json!("verified");
    assert_eq!(verified.ok(200), &factor);

    go_to(&world, 20_000_000_000);
    let asked = challenge(
        &world,
        &factor_path,
        &[
            ("AuthPayload", "353130"),
            ("Details.Message", "Sign in?"),
            ("Details.Fields", r#"{"label": "From", "value": "London"}"#),
            ("Details.Fields", r#"{"label": "With", "value": "a browser"}"#),
            ("HiddenDetails", r#"{"ip": "192.0.2.1"}"#),
        ],
    )
    .await;
    let sid = asked.text("sid").to_owned();
    assert!(sid.starts_with("YC") && sid.len() == 34, "{sid}");
    let approved = json!({
        "sid": sid, "account_sid": ACCOUNT, "service_sid": WEB, "entity_sid": entity_sid, "identity": "user-0001",
        "factor_sid": factor_sid, "factor_type": "totp", "status": "approved", "responded_reason": "none",
        "details": {
            "message": "Sign in?", "date": "2603-10-11T11:33:20Z",
            "fields": [{ "label": "From", "value": "London" }, { "label": "With", "value": "a browser" }],
        },
        "hidden_details": { "ip": "192.0.2.1" }, "metadata": null,
        "date_created": "2603-10-11T11:33:20Z", "date_updated": "2603-10-11T11:33:20Z",
        "date_responded": "2603-10-11T11:33:20Z", "expiration_date": "2603-10-11T11:38:20Z",
        "url": format!("{base}/Challenges/{sid}"),
        "links": { "notifications": format!("{base}/Challenges/{sid}/Notifications") },
    });
    assert_eq!(asked.ok(201), &approved);
    assert_eq!(world.look(&format!("{path}/Challenges/{sid}")).await.ok(200), &approved);
    let again = challenge(&world, &factor_path, &[("AuthPayload", "353130")]).await;
    assert_eq!(again.ok(201)["status"], "pending", "each step once");
    world.stop().await;
}

/// RFC 6238 appendix B: under each hash, with secrets as long as what it gives.
#[tokio::test(flavor = "multi_thread")]
async fn a_factor_knows_every_hash() {
    let world = world().await;
    go_to(&world, 2_000_000_000);
    let secrets = [
        ("sha1", SECRET.to_owned(), "69279037", "SHA1"),
        ("sha256", format!("{SECRET}GEZDGNBVGY3TQOJQGEZA"), "90698825", "SHA256"),
        ("SHA512", format!("{SECRET}{SECRET}{SECRET}GEZDGNA"), "38618901", "SHA512"),
    ];
    let path = format!("{}/user-0001/Factors", entities());
    for (alg, secret, code, told) in secrets {
        let form = [
            ("FriendlyName", alg),
            ("FactorType", "totp"),
            ("Binding.Secret", &secret),
            ("Config.Alg", alg),
            ("Config.CodeLength", "8"),
        ];
        let made = world.submit(&path, &form).await;
        let uri = made.ok(201)["binding"]["uri"].as_str().unwrap();
        assert!(uri.contains(&format!("&algorithm={told}&digits=8&period=30")), "{uri}");
        let verified = world.submit(&format!("{path}/{}", made.text("sid")), &[("AuthPayload", code)]).await;
        assert_eq!(verified.ok(200)["status"], "verified", "{alg}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_says_how_its_apps_are_made() {
    let world = world().await;
    let form =
        [("Totp.Issuer", "Acme & Co"), ("Totp.TimeStep", "60"), ("Totp.CodeLength", "8"), ("Totp.Skew", "0")];
    let service = service(&world, &form).await;
    let path = format!("{service}/Entities/user-0001/Factors");
    let made = world.submit(&path, &[("FriendlyName", "phone"), ("FactorType", "totp")]).await;
    let config = json!({ "alg": "sha1", "skew": 0, "code_length": 8, "time_step": 60 });
    assert_eq!(made.ok(201)["config"], config);
    let binding = &made.body["binding"];
    let secret = binding["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32, "160 bits");
    let uri = format!(
        "otpauth://totp/Acme%20%26%20Co:phone?secret={secret}&issuer=Acme%20%26%20Co&algorithm=SHA1&digits=8&period=60"
    );
    assert_eq!(binding["uri"], json!(uri));
    // The entity was made with its first factor, and is nobody else's.
    world.look(&format!("{service}/Entities/user-0001")).await.ok(200);
    world.look(&format!("{}/user-0001", entities())).await.refuses(404, 20404);

    let factor = format!("{path}/{}", made.text("sid"));
    let changed = world.submit(&factor, &[("FriendlyName", "tablet"), ("Config.TimeStep", "30")]).await;
    assert_eq!(
        (&changed.ok(200)["friendly_name"], &changed.body["config"]["time_step"]),
        (&json!("tablet"), &json!(30))
    );
    assert_eq!(changed.body["config"]["code_length"], 8, "what is not said stays");
    remove(&world, &service).await.ok(204);
    world.stop().await;
}

/// Facts of Twilio: 60311, then 60310 for ever; a factor must be verified before it is asked.
#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_codes_leave_a_factor_unverified() {
    let world = world().await;
    let path = format!("{}/user-0001/Factors", entities());
    let made = world.submit(&path, &[("FriendlyName", "phone"), ("FactorType", "totp")]).await;
    let secret = made.body["binding"]["secret"].as_str().unwrap().to_owned();
    let factor = format!("{path}/{}", made.text("sid"));
    challenge(&world, &factor, &[]).await.refuses(403, 60318);
    let right = shown(&world, &secret, 0);
    for _ in 0..5 {
        world.submit(&factor, &[("AuthPayload", &super::wrong(&right))]).await.refuses(403, 60311);
    }
    world.submit(&factor, &[("AuthPayload", &right)]).await.refuses(429, 60310);
    assert_eq!(world.look(&factor).await.body["status"], "unverified");

    // One that is verified is asked by challenges only: its update is no way to find out whether a code is right.
    let (factor, secret) = enrolled(&world, &format!("{}/user-0001", entities())).await;
    let payload = [("AuthPayload", &*shown(&world, &secret, 0))];
    world.submit(&factor, &payload).await.refuses(400, 60306);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_is_judged_five_times_and_answered_once() {
    let world = world().await;
    let (factor, secret) = enrolled(&world, &format!("{}/user-0001", entities())).await;
    let entity = format!("{}/user-0001", entities());
    let asked = challenge(&world, &factor, &[]).await;
    assert_eq!(asked.ok(201)["status"], "pending");
    assert_eq!((&asked.body["date_responded"], &asked.body["details"]), (&Value::Null, &Value::Null));
    let denied = format!("{entity}/Challenges/{}", asked.text("sid"));
    let right = shown(&world, &secret, 0);
    let wrong = super::wrong(&right);
    for left in (0..5).rev() {
        let answered = world.submit(&denied, &[("AuthPayload", &wrong)]).await;
        assert_eq!(answered.ok(200)["status"], if left == 0 { "denied" } else { "pending" });
    }
    world.submit(&denied, &[("AuthPayload", &right)]).await.refuses(429, 60308);

    let asked = challenge(&world, &factor, &[]).await;
    let approved = format!("{entity}/Challenges/{}", asked.text("sid"));
    let form = [("AuthPayload", &*right), ("Metadata", r#"{"os": "Android"}"#)];
    let answered = world.submit(&approved, &form).await;
    assert_eq!(
        (&answered.ok(200)["status"], &answered.body["metadata"]["os"]),
        (&json!("approved"), &json!("Android"))
    );
    world.submit(&approved, &[("AuthPayload", &right)]).await.refuses(403, 60322);

    let ends = "2026-01-02T03:05:05Z";
    let asked = challenge(&world, &factor, &[("ExpirationDate", ends)]).await;
    assert_eq!(asked.ok(201)["expiration_date"], ends);
    world.clock.advance(Duration::from_mins(1));
    let expired = format!("{entity}/Challenges/{}", asked.text("sid"));
    assert_eq!(world.look(&expired).await.ok(200)["status"], "expired");
    world.submit(&expired, &[("AuthPayload", &shown(&world, &secret, 0))]).await.refuses(403, 60323);

    // What is over stays as it is, whatever is to be kept with it.
    for (over, status, code) in [(denied, 429, 60308), (approved, 403, 60322), (expired, 403, 60323)] {
        let before = world.look(&over).await;
        world.submit(&over, &[("Metadata", r#"{"os": "iOS"}"#)]).await.refuses(status, code);
        assert!(world.submit(&over, &[]).await.refuses(400, 60200).contains("`AuthPayload`"));
        assert_eq!(world.look(&over).await.ok(200), before.ok(200));
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_answers_with_one_code_one_is_approved() {
    let world = world().await;
    let (factor, secret) = enrolled(&world, &format!("{}/user-0001", entities())).await;
    let right = shown(&world, &secret, 0);
    let payload = [("AuthPayload", &*right)];
    // Fewer than the wrong codes of an hour.
    let asked = (0..10).map(|_| challenge(&world, &factor, &payload));
    let mut asked: Vec<_> = asked.map(Box::pin).collect();
    // Each is sent before the first is heard.
    for one in &mut asked {
        let _begun =
            std::future::poll_fn(|cx| std::task::Poll::Ready(one.as_mut().poll(cx).is_ready())).await;
    }
    let mut approved = 0;
    for one in asked {
        approved += u8::from(one.await.ok(201)["status"] == "approved");
    }
    assert_eq!(approved, 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_go_on_page_by_page_and_what_is_removed_is_gone() {
    let world = world().await;
    let entity = format!("{}/user-0001", entities());
    let (one, secret) = enrolled(&world, &entity).await;
    // So that their SIDs are in this order.
    world.clock.advance(Duration::from_millis(1));
    let (other, _) = enrolled(&world, &entity).await;
    world.submit(&entities(), &[("Identity", "user-0002")]).await.ok(201);
    let mut asked = Vec::new();
    for n in 0..3 {
        world.clock.advance(Duration::from_secs(30));
        let more = [("AuthPayload", &*shown(&world, &secret, 0))];
        let made =
            challenge(&world, if n == 1 { &other } else { &one }, if n == 2 { &more } else { &[] }).await;
        asked.push(made.text("sid").to_owned());
    }
    let sids = async |path: &str, key: &str| {
        let (mut path, mut found) = (format!("{path}PageSize=1"), Vec::new());
        loop {
            let page = world.look(&path).await;
            assert_eq!(page.ok(200)["meta"]["key"], key);
            found.extend(page.body[key].as_array().unwrap().iter().map(|it| it["sid"].clone()));
            let Some(next) = page.body["meta"]["next_page_url"].as_str() else { return found };
            path = next.split_once("/v2").unwrap().1.to_owned();
        }
    };
    assert_eq!(sids(&format!("{}?", entities()), "entities").await.len(), 2);
    let factors = [&one, &other].map(|path| json!(path.rsplit('/').next()));
    assert_eq!(sids(&format!("{entity}/Factors?"), "factors").await, factors);
    let challenges = format!("{entity}/Challenges");
    assert_eq!(
        sids(&format!("{challenges}?"), "challenges").await,
        [0, 1, 2].map(|n: usize| json!(asked[n]))
    );
    let newest = sids(&format!("{challenges}?Order=desc&"), "challenges").await;
    assert_eq!(newest, [2, 1, 0].map(|n: usize| json!(asked[n])));
    let of_other = format!("{challenges}?FactorSid={}&", factors[1].as_str().unwrap());
    assert_eq!(sids(&of_other, "challenges").await, [json!(asked[1])]);
    assert_eq!(sids(&format!("{challenges}?Status=approved&"), "challenges").await, [json!(asked[2])]);

    remove(&world, &other).await.ok(204);
    remove(&world, &other).await.refuses(404, 20404);
    world.look(&other).await.refuses(404, 20404);
    challenge(&world, &other, &[]).await.refuses(404, 20404);
    remove(&world, &entity).await.ok(204);
    for gone in
        [&entity, &one, &challenges, &format!("{challenges}/{}", asked[0]), &format!("{entity}/Factors")]
    {
        world.look(gone).await.refuses(404, 20404);
    }
    remove(&world, &entity).await.refuses(404, 20404);
    world.stop().await;
}
