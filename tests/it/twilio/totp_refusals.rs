//! What is wrong with a request about entities, factors and challenges, told by its name.

use super::{
    totp::{challenge, enrolled, entities},
    world,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_by_its_name_and_code() {
    let world = world().await;
    world.submit(&entities(), &[("Identity", "user-0001")]).await.ok(201);
    world.submit(&entities(), &[("Identity", "user-0001")]).await.refuses(409, 60301);
    let new = |more: &[(&'static str, &'static str)]| {
        [&[("FriendlyName", "phone"), ("FactorType", "totp")], more].concat()
    };
    let long = "x".repeat(65);
    let factors = format!("{}/user-0001/Factors", entities());
    for (path, form, named) in [
        (entities(), vec![], "Identity"),
        (entities(), vec![("Identity", "short")], "Identity"),
        (entities(), vec![("Identity", "ada@example.com")], "Identity"),
        (format!("{}/short/Factors", entities()), new(&[]), "Identity"),
        (factors.clone(), vec![("FriendlyName", "phone")], "FactorType"),
        (factors.clone(), vec![("FriendlyName", "phone"), ("FactorType", "sms")], "FactorType"),
        (factors.clone(), vec![("FactorType", "totp")], "FriendlyName"),
        (factors.clone(), vec![("FactorType", "totp"), ("FriendlyName", &*long)], "FriendlyName"),
        (factors.clone(), new(&[("Config.TimeStep", "61")]), "Config.TimeStep"),
        (factors.clone(), new(&[("Config.Skew", "-1")]), "Config.Skew"),
        (factors.clone(), new(&[("Config.CodeLength", "two")]), "Config.CodeLength"),
        (factors.clone(), new(&[("Config.Alg", "md5")]), "Config.Alg"),
        (factors.clone(), new(&[("Binding.Secret", "JBSWY3DPEHPK3PXP")]), "Binding.Secret"),
        (factors.clone(), new(&[("Metadata", "[]")]), "Metadata"),
        (format!("{}/user-0001/Challenges", entities()), vec![("FactorSid", "VE00")], "FactorSid"),
    ] {
        let told = world.submit(&path, &form).await;
        let message = told.refuses(400, 60200);
        assert!(message.contains(&format!("`{named}`")), "{message}");
    }
    for kind in ["push", "passkeys"] {
        let refused = world.submit(&factors, &[("FriendlyName", "phone"), ("FactorType", kind)]).await;
        let message = refused.refuses(403, 60204);
        assert!(message.contains("`totp`"), "{message}");
    }
    let (factor, _) = enrolled(&world, &format!("{}/user-0001", entities())).await;
    for (more, named) in [
        (("ExpirationDate", "tomorrow"), "ExpirationDate"),
        (("ExpirationDate", "2026-01-02T04:04:06Z"), "ExpirationDate"),
        (("ExpirationDate", "2026-01-02T03:04:05Z"), "ExpirationDate"),
        (("Details.Fields", "{}"), "Details.Fields"),
        (("HiddenDetails", "x"), "HiddenDetails"),
        (("AuthPayload", &*"1".repeat(65)), "AuthPayload"),
        (("AuthPayload", "- -"), "AuthPayload"),
    ] {
        let told = challenge(&world, &factor, &[more]).await;
        let message = told.refuses(400, 60200);
        assert!(message.contains(&format!("`{named}`")), "{message}");
    }
    for (form, named) in
        [(("Config.TimeStep", "5"), "Config.TimeStep"), (("FriendlyName", &*long), "FriendlyName")]
    {
        let told = world.submit(&factor, &[form]).await;
        assert!(told.refuses(400, 60200).contains(&format!("`{named}`")), "{}", told.body);
    }
    for (query, named) in [("Order=up", "Order"), ("Status=done", "Status"), ("FactorSid=x", "FactorSid")] {
        let told = world.look(&format!("{}/user-0001/Challenges?{query}", entities())).await;
        assert!(told.refuses(400, 60200).contains(&format!("`{named}`")), "{query}");
    }
    for missing in [
        "/nobody-01",
        "/nobody-01/Factors",
        "/a%20b/Factors",
        "/user-0001/Factors/YF00",
        "/user-0001/Challenges/x",
    ] {
        world.look(&format!("{}{missing}", entities())).await.refuses(404, 20404);
    }
    world.stop().await;
}
