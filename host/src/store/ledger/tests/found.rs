//! What holds of records that are found by their labels: listed, due, over.

use super::*;
use crate::store::{Filter, Labels};

fn item(n: u32, labels: Labels) -> impl FnMut(&View<'_>, Timestamp) -> Result<Done<()>, Stop> {
    move |_, _| {
        let mut changes = Changes::none();
        changes.put_labeled(Key::new(Kind::Delivery, format!("dlv_{n:04}")), &n, labels.clone())?;
        Ok(changes.answer(()))
    }
}

#[tokio::test]
async fn records_are_listed_by_their_labels_newest_first_a_page_at_a_time() {
    let (ledger, hand) = ledger();
    let now = hand.clock().now();
    for n in 0..30 {
        let labels = Labels {
            application: Some(if n % 2 == 0 { "web" } else { "shop" }.to_owned()),
            person: Some(format!("p{}", n % 3)),
            state: Some(if n < 20 { "sent" } else { "failed" }),
            provider: Some("one".to_owned()),
            ..Labels::until(after(now, Duration::from_secs(u64::from(n) + 1)))
        };
        ledger.run(Vec::new(), item(n, labels)).await.unwrap();
    }
    let list = async |filter: Filter| -> Vec<u32> {
        ledger.list::<u32>(filter).await.unwrap().found.into_iter().map(|(_, n)| n.unwrap()).collect()
    };
    let of = |most| Filter::of(Kind::Delivery, most);
    assert_eq!(list(of(3)).await, [29, 28, 27]);
    assert_eq!(list(Filter { before: Some("dlv_0003".to_owned()), ..of(9) }).await, [2, 1, 0]);
    let behind = Filter { from: Some("dlv_0010 ".to_owned()), oldest_first: true, ..of(3) };
    assert_eq!(list(behind).await, [11, 12, 13]);
    let web = Filter { application: Some("web".to_owned()), state: Some("failed"), ..of(9) };
    assert_eq!(list(web.clone()).await, [28, 26, 24, 22, 20]);
    let people = vec!["p0".to_owned(), "p1".to_owned()];
    assert_eq!(list(Filter { person: people, ..web.clone() }).await, [28, 24, 22]);
    assert!(list(Filter { provider: Some("two".to_owned()), ..web }).await.is_empty());
    assert!(list(Filter::of(Kind::Member, 9)).await.is_empty());
    // What is over is not listed, whether it was swept or not.
    hand.advance(Duration::from_secs(29));
    assert_eq!(list(of(9)).await, [29]);
    ledger.tend(Kind::Delivery, now, 1).await.unwrap();
    assert_eq!(list(of(9)).await, [29]);
    assert_eq!(ledger.all::<u32>(Kind::Delivery).await.unwrap(), [("dlv_0029".to_owned(), 29)]);
}

#[tokio::test]
async fn what_is_due_is_told_until_it_is_done() {
    let (ledger, hand) = ledger();
    let now = hand.clock().now();
    let at = |seconds| Some(after(now, Duration::from_secs(seconds)));
    for (n, due_at) in [(0, at(20)), (1, at(10)), (2, None), (3, at(30))] {
        let labels = Labels { due_at, ..Labels::until(Timestamp::MAX) };
        ledger.run(Vec::new(), item(n, labels)).await.unwrap();
    }
    let due = async |seconds, most| -> Vec<String> {
        let by = after(now, Duration::from_secs(seconds));
        let due = ledger.tend(Kind::Delivery, by, most).await.unwrap().due;
        due.into_iter().map(|key| key.id().to_owned()).collect()
    };
    assert!(due(9, 9).await.is_empty());
    assert_eq!(due(20, 9).await, ["dlv_0001", "dlv_0000"]);
    assert_eq!(due(30, 1).await, ["dlv_0001"]);
    ledger.run(Vec::new(), item(1, Labels::until(Timestamp::MAX))).await.unwrap();
    assert_eq!(due(30, 9).await, ["dlv_0000", "dlv_0003"]);
    let gone = |_: &View<'_>, _| {
        let mut changes = Changes::none();
        changes.remove(Key::new(Kind::Delivery, "dlv_0000"));
        Ok(changes.answer(()))
    };
    ledger.run(Vec::new(), gone).await.unwrap();
    assert_eq!(due(30, 9).await, ["dlv_0003"]);
}

#[tokio::test]
async fn a_sweep_is_bounded_and_goes_on_at_the_next_one() {
    let (ledger, hand) = ledger();
    let labels = Labels::until(after(hand.clock().now(), Duration::from_secs(1)));
    let many = move |_: &View<'_>, _| {
        let mut changes = Changes::none();
        for n in 0..501 {
            changes.put_labeled(Key::new(Kind::Delivery, format!("dlv_{n:04}")), &n, labels.clone())?;
        }
        Ok(changes.answer(()))
    };
    ledger.run(Vec::new(), many).await.unwrap();
    hand.advance(Duration::from_secs(2));
    for left in [true, false] {
        assert_eq!(ledger.tend(Kind::Delivery, hand.clock().now(), 1).await.unwrap().more, left);
        let has_over = ledger.ask(|database, now| Ok(database.has_over(now)?)).await.unwrap();
        assert_eq!(has_over, left);
    }
}

/// A commit has bounds: what is beyond waits for the next one, and is done all the same.
#[tokio::test]
async fn jobs_that_write_much_share_no_commit_with_all_the_others() {
    let (ledger, _hand) = ledger();
    let large = |n: u32| {
        move |_: &View<'_>, _| {
            let mut changes = Changes::none();
            changes.put(key(&n.to_string()), &"x".repeat(300_000), Timestamp::MAX)?;
            Ok(changes.answer(n))
        }
    };
    let jobs: Vec<_> = (0..12)
        .map(|n| {
            let ledger = ledger.clone();
            tokio::spawn(async move { ledger.run(Vec::new(), large(n)).await.unwrap() })
        })
        .collect();
    for (n, job) in (0..).zip(jobs) {
        assert_eq!(job.await.unwrap(), n);
    }
    assert_eq!(ledger.all::<String>(Kind::Slot).await.unwrap().len(), 12);
}

/// A list that nothing fits is answered a piece at a time, and no piece looks at more than a thousand records.
#[tokio::test]
async fn whatever_is_looked_for_one_question_looks_at_a_bounded_number() {
    let (ledger, _hand) = ledger();
    let many = move |_: &View<'_>, _| {
        let mut changes = Changes::none();
        for n in 0..2_500_u32 {
            let labels = Labels {
                application: Some("web".to_owned()),
                person: Some("p".to_owned()),
                state: Some(if n == 7 { "failed" } else { "sent" }),
                ..Labels::until(Timestamp::MAX)
            };
            changes.put_labeled(Key::new(Kind::Delivery, format!("dlv_{n:04}")), &n, labels)?;
        }
        Ok(changes.answer(()))
    };
    ledger.run(Vec::new(), many).await.unwrap();
    let failed = Filter { state: Some("failed"), ..Filter::of(Kind::Delivery, 9) };
    for (application, person) in
        [(None, vec![]), (Some("web"), vec![]), (None, vec!["p"]), (Some("web"), vec!["p", "q"])]
    {
        let (application, person) =
            (application.map(str::to_owned), person.into_iter().map(str::to_owned).collect());
        let mut filter = Filter { application, person, ..failed.clone() };
        let mut pieces = Vec::new();
        loop {
            let listed = ledger.list::<u32>(filter.clone()).await.unwrap();
            pieces.push(listed.found.len());
            let Some(next) = listed.next else { break };
            filter.before = Some(next);
        }
        assert_eq!(pieces, [0, 0, 1], "{filter:?}");
    }
    let from = Filter { from: Some("dlv_2498".to_owned()), ..Filter::of(Kind::Delivery, 9) };
    assert_eq!(ledger.list::<u32>(from).await.unwrap().found.len(), 2);
}
