//! The safe list, and what is refused because it is not here.

use super::{ADA, WEB, service, world};
use reqwest::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_number_on_the_safe_list_is_sent_to_although_no_country_has_it() {
    let world = world().await;
    let path = format!("{}/Verifications", service(&world, &[("LookupEnabled", "true")]).await);
    let form = [("To", ADA), ("Channel", "sms")];
    world.submit(&path, &form).await.refuses(400, 60200);
    let number = format!("/SafeList/Numbers/{ADA}");
    world.look(&number).await.refuses(404, 20404);
    let added = world.submit("/SafeList/Numbers", &[("PhoneNumber", ADA)]).await;
    let sid = added.text("sid").to_owned();
    let url = format!("http://{}/v2{number}", world.address());
    assert_eq!(added.ok(201), &json!({ "sid": sid, "phone_number": ADA, "url": url }));
    assert!(sid.starts_with("GN") && sid.len() == 34);
    world.submit("/SafeList/Numbers", &[("PhoneNumber", ADA)]).await.refuses(400, 60411);
    assert_eq!(world.look(&number).await.ok(200), &added.body);
    world.submit(&path, &form).await.ok(201);
    super::delivered(&world, 1).await;
    assert_eq!(world.tell(world.account(Method::DELETE, &number)).await.status, 204);
    world.tell(world.account(Method::DELETE, &number)).await.refuses(404, 20404);
    world.submit(&path, &form).await.refuses(400, 60200);
    for bad in ["", "07700900123", "ada@example.com"] {
        world.submit("/SafeList/Numbers", &[("PhoneNumber", bad)]).await.refuses(400, 60200);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_here_is_refused_and_says_so() {
    let world = world().await;
    for path in [
        format!("/Services/{WEB}/MessagingConfigurations"),
        format!("/Services/{WEB}/MessagingConfigurations/GB"),
        format!("/Services/{WEB}/Webhooks"),
        format!("/Services/{WEB}/AccessTokens"),
        format!("/Services/{WEB}/Passkeys/Factors"),
        format!("/Services/{WEB}/Entities/ada/Challenges/YC1/Notifications"),
        "/Templates".to_owned(),
        "/Forms/form-push".to_owned(),
    ] {
        for answer in [world.look(&path).await, world.submit(&path, &[]).await] {
            assert!(answer.refuses(403, 60204).starts_with("Passrelay does not do this: "));
        }
        world.tell(world.bare(Method::GET, &format!("/v2{path}"))).await.refuses(401, 20003);
    }
    world.stop().await;
}
