//! Whoever has authenticator apps: found, counted, and forgotten with all that is theirs.

use super::{
    factors::{identity, new_factor},
    *,
};
use crate::factor::{ChallengeStatus, NoRoom};

#[tokio::test]
async fn a_forgotten_entity_leaves_nothing_and_makes_room() {
    let hand = ManualClock::at(millis(1_700_000_000_000));
    let limits = Rules { members: Some(2), ..Rules::off() };
    let verifier = Arc::new(verifier_within(&hand, &limits));
    let (web, shop) =
        (verifier.application("key-of-web").unwrap(), verifier.application("key-of-shop").unwrap());
    let house = House { verifier, hand, web, shop };
    let verifier = &house.verifier;
    let app = house.app("user-0001").await;
    let other = house.app("user-0002").await;
    for _ in 0..3 {
        house.challenge("user-0001", &app, None).await.unwrap();
    }
    house.challenge("user-0002", &other, None).await.unwrap();
    assert!(matches!(
        verifier.make_entity(&house.web, identity("user-0001")).await,
        Err(FactorError::EntityExists)
    ));
    assert!(matches!(
        verifier.make_entity(&house.web, identity("user-0003")).await,
        Err(FactorError::Full(2))
    ));
    let third = verifier.make_factor(&house.web, identity("user-0003"), new_factor()).await;
    assert!(matches!(third, Err(FactorError::Full(2))));

    verifier.remove_entity(&house.web, &identity("user-0001")).await.unwrap();
    assert!(matches!(
        verifier.remove_entity(&house.web, &identity("user-0001")).await,
        Err(FactorError::NoEntity)
    ));
    for (kind, left) in [(Kind::Entity, 1), (Kind::Factor, 1), (Kind::Challenge, 1)] {
        assert_eq!(verifier.ledger.all::<Value>(kind).await.unwrap().len(), left, "{kind:?}");
    }
    let anew = verifier.make_entity(&house.web, identity("user-0001")).await.unwrap();
    assert_eq!(anew.factors, []);
    assert!(matches!(house.challenge("user-0001", &app, None).await, Err(FactorError::NoFactor)));
    assert_eq!(house.proves("user-0002", &other, 0).await, ChallengeStatus::Approved);
}

#[tokio::test]
async fn entities_are_listed_in_parts_each_once() {
    let house = house();
    for n in 0..7 {
        house.verifier.make_entity(&house.web, identity(&format!("user-000{n}"))).await.unwrap();
    }
    house.verifier.make_entity(&house.shop, identity("user-0009")).await.unwrap();
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let part = house.verifier.entities(&house.web, after, 3).await.unwrap();
        assert!(part.items.len() <= 3);
        seen.extend(part.items.into_iter().map(|entity| String::from(entity.identity)));
        after = part.next;
        if after.is_none() {
            break;
        }
    }
    seen.sort();
    assert_eq!(seen, (0..7).map(|n| format!("user-000{n}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_factor_that_nobody_verifies_is_forgotten_and_takes_no_room() {
    let house = house();
    let who = identity("user-0001");
    for _ in 0..100 {
        house.verifier.make_factor(&house.web, who.clone(), new_factor()).await.unwrap();
    }
    let refused = house.verifier.make_factor(&house.web, who.clone(), new_factor()).await.unwrap_err();
    assert!(matches!(refused, FactorError::NoRoom(NoRoom::Full)));
    assert_eq!(house.verifier.factors(&house.web, &who).await.unwrap().factors.len(), 100);
    house.hand.advance(Duration::from_hours(25));
    assert_eq!(house.verifier.factors(&house.web, &who).await.unwrap().factors.len(), 0);
    let app = house.app("user-0001").await;
    house.hand.advance(Duration::from_hours(24 * 365));
    let had = house.verifier.factors(&house.web, &who).await.unwrap();
    assert_eq!((had.factors.len(), had.entity.factors), (1, vec![app.id.clone()]));
    house.verifier.remove_factor(&house.web, &who, app.id.clone()).await.unwrap();
    assert!(house.verifier.factor(&house.web, &who, app.id).await.is_err());
    assert_eq!(house.verifier.entity(&house.web, &who).await.unwrap().factors, []);
}

#[tokio::test]
async fn challenges_are_found_by_factor_and_state_in_either_order() {
    let house = house();
    let (one, other) = (house.app("user-0001").await, house.app("user-0001").await);
    let mut asked = Vec::new();
    for n in 0..5 {
        house.hand.advance(Duration::from_secs(30));
        let app = if n == 2 { &other } else { &one };
        let typed = (n == 1).then(|| house.shown(&one.secret, 0));
        asked.push(house.challenge("user-0001", app, typed).await.unwrap().challenge.id);
    }
    house.app("user-0002").await;
    let list = async |wanted: WantedChallenges| {
        let who = identity("user-0001");
        let listed = house.verifier.challenges(&house.web, &who, &wanted).await.unwrap();
        let found: Vec<usize> = listed
            .items
            .into_iter()
            .map(|challenge| asked.iter().position(|id| *id == challenge.id).unwrap())
            .collect();
        (found, listed.next)
    };
    let all = WantedChallenges { most: 9, ..WantedChallenges::default() };
    assert_eq!(list(all.clone()).await, (vec![0, 1, 2, 3, 4], None));
    assert_eq!(list(WantedChallenges { newest_first: true, ..all.clone() }).await.0, [4, 3, 2, 1, 0]);
    assert_eq!(list(WantedChallenges { factor: Some(other.id), ..all.clone() }).await.0, [2]);
    let approved = Some(ChallengeStatus::Approved);
    assert_eq!(list(WantedChallenges { status: approved, ..all.clone() }).await.0, [1]);
    for (newest_first, parts) in
        [(false, [vec![0, 1], vec![2, 3], vec![4]]), (true, [vec![4, 3], vec![2, 1], vec![0]])]
    {
        let mut after = None;
        for part in parts {
            let (found, next) =
                list(WantedChallenges { newest_first, after: after.clone(), most: 2, ..all.clone() }).await;
            assert_eq!(found, part);
            after = next;
        }
        assert_eq!(after, None);
    }
    house.hand.advance(Duration::from_mins(6));
    let expired = Some(ChallengeStatus::Expired);
    assert_eq!(list(WantedChallenges { status: expired, ..all.clone() }).await.0, [0, 2, 3, 4]);
    house.hand.advance(Duration::from_hours(25));
    assert_eq!(list(all).await.0, Vec::<usize>::new(), "they are remembered for a day");
}
