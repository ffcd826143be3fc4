//! Whatever is asked, in whatever order and however much at one moment: pending is left once, and a code is good once.

use super::*;
use proptest::prelude::*;
use tokio::task::JoinSet;

/// What is asked; a verification is named by its place among those that were started.
#[derive(Debug, Clone)]
enum Ask {
    Start { person: u8, how: u8 },
    Check { which: usize, right: bool },
    Cancel { which: usize },
}

/// What came of it.
enum Said {
    Started(Box<Verification>),
    Judged(VerificationId, Verdict),
    Refused,
}

/// What was seen of one verification.
struct Seen {
    newest: Verification,
    judged: u8,
    approved: u8,
    sent: u8,
    ended: Option<Status>,
}

fn asks() -> impl Strategy<Value = Vec<(Vec<Ask>, u64)>> {
    let ask = prop_oneof![
        3 => (0u8..2, 0u8..3).prop_map(|(person, how)| Ask::Start { person, how }),
        6 => (any::<usize>(), prop::bool::weighted(0.3)).prop_map(|(which, right)| Ask::Check { which, right }),
        1 => any::<usize>().prop_map(|which| Ask::Cancel { which }),
    ];
    prop::collection::vec((prop::collection::vec(ask, 1..12), 0u64..240), 1..12)
}

/// One of two persons, who asks for a plain code, for one of their own, or for a fresh one with each send.
fn asked(house: &House, person: u8, how: u8) -> (Start, Offer) {
    let to = format!("+44770090012{person}");
    let fresh = Policy { fresh_code_on_resend: true, pause: Duration::ZERO, ..house.web.policy.clone() };
    let start = start(&to, "generic");
    let start = match how {
        0 => start,
        1 => Start { code: Some(Typed::read("OWN123").unwrap()), ..start },
        _ => Start { policy: Some(fresh), ..start },
    };
    (start, offer("sms:code", &to))
}

async fn ask(house: Arc<House>, ask: Ask, known: Arc<Vec<Verification>>) -> Said {
    let named = |which: usize| known.get(which.checked_rem(known.len())?);
    match ask {
        Ask::Start { person, how } => {
            let (start, offer) = asked(&house, person, how);
            let begun = house.begin(start, offer).await;
            begun.map_or(Said::Refused, |due| Said::Started(Box::new(due.verification)))
        }
        Ask::Check { which, right } => {
            let Some(it) = named(which) else { return Said::Refused };
            let typed = if right { house.code(it) } else { Typed::read("wrong!").unwrap() };
            let checked = house.check(&it.id, typed).await;
            checked.map_or(Said::Refused, |checked| Said::Judged(it.id.clone(), checked.verdict))
        }
        Ask::Cancel { which } => {
            if let Some(it) = named(which) {
                drop(house.verifier.cancel(&house.web, it.id.clone()).await);
            }
            Said::Refused
        }
    }
}

/// Asks one batch at one moment and holds what came of it against what must always be so.
async fn at_once(house: &Arc<House>, batch: Vec<Ask>, seen: &mut Vec<Seen>) -> Result<(), TestCaseError> {
    let known: Arc<Vec<Verification>> = Arc::new(seen.iter().map(|seen| seen.newest.clone()).collect());
    let mut asked = JoinSet::new();
    for one in batch {
        asked.spawn(ask(Arc::clone(house), one, Arc::clone(&known)));
    }
    for said in asked.join_all().await {
        match said {
            Said::Refused => {}
            Said::Started(it) => match seen.iter_mut().find(|seen| seen.newest.id == it.id) {
                Some(seen) => {
                    prop_assert!(seen.ended.is_none(), "what is over is not sent again");
                    seen.sent += 1;
                    if it.generation >= seen.newest.generation {
                        seen.newest = *it;
                    }
                }
                None => seen.push(Seen { newest: *it, judged: 0, approved: 0, sent: 1, ended: None }),
            },
            Said::Judged(id, verdict) => {
                let Some(seen) = seen.iter_mut().find(|seen| seen.newest.id == id) else { continue };
                prop_assert!(seen.ended.is_none(), "what is over judges nothing");
                seen.judged += 1;
                seen.approved += u8::from(verdict == Verdict::Right);
            }
        }
    }
    let mut pending = Vec::new();
    for seen in seen {
        let fetched = house.verifier.fetch(&house.web, seen.newest.id.clone()).await.unwrap();
        let (it, status) = (fetched.verification.clone(), fetched.verification.status(fetched.at));
        prop_assert_eq!(it.checks_left, it.policy.checks - seen.judged);
        prop_assert_eq!(it.sends_left, it.policy.sends - seen.sent);
        prop_assert_eq!(it.deliveries.len(), usize::from(seen.sent));
        prop_assert!(seen.approved <= 1);
        prop_assert_eq!(status == Status::Approved, seen.approved == 1);
        prop_assert_eq!(status == Status::Exhausted, seen.judged == it.policy.checks && seen.approved == 0);
        if let Some(ended) = seen.ended {
            prop_assert_eq!(status, ended, "pending is left once");
        }
        match status {
            Status::Pending => pending.push(it.slot),
            ended => seen.ended = Some(ended),
        }
    }
    let places = pending.len();
    pending.sort();
    pending.dedup();
    prop_assert_eq!(pending.len(), places, "one place, one pending verification");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn pending_is_left_once_and_a_code_is_accepted_once_under_any_interleaving(batches in asks()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let house = Arc::new(house());
            let mut seen = Vec::new();
            for (batch, seconds) in batches {
                at_once(&house, batch, &mut seen).await?;
                house.hand.advance(Duration::from_secs(seconds));
                // What ran out meanwhile is over, too.
                at_once(&house, Vec::new(), &mut seen).await?;
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}
