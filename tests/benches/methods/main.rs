//! What it costs to list a member's methods: `cargo bench -p passrelay-tests --bench methods`.
//!
//! Everything is measured in one run on one machine, so read the ratios: one provider and ten, those whose declared
//! addresses are judged without a call, and those that want a word, on threads and in processes of their own.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on fails loudly")]
#![expect(clippy::print_stdout, reason = "the table is the result")]
#![expect(clippy::disallowed_methods, reason = "a bench is about the machine's own time")]

use harness::{Dropped, provider};
use passrelay::{
    application::{Application, Bounds, Events, Policy, TestRecipients},
    clock::Clock,
    limit::Rules,
    member::{Carrier, Person, judge},
    metrics::Metrics,
    phone::Region,
    plugin::Isolation,
    route::Routes,
    seal::{Chance, Keys},
    store::{Ledger, LedgerParts},
    verifier::{Verifier, VerifierParts},
};
use provider_api::{Address, Channel, Member, testing::json};
use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

fn main() {
    let runtime = Runtime::new().unwrap();
    println!("{:<52} {:>12}", "once, at start", "time");
    once("the metadata of phone numbers, read", passrelay::phone::warm_up);
    once("the built-in texts, compiled and tried", passrelay::template::warm_up);
    println!("\n{:<52} {:>12} {:>8}", "one list of methods", "least time", "ratio");
    let base = least(2_000, || {
        black_box(Region::of("+447700900123"));
    });
    row("the region of one number", base, base);
    let one = judging(1);
    row("1 judged by its declared address", one, one);
    row("10 judged by their declared addresses", judging(10), one);
    for (name, isolation) in [("threads", Isolation::Thread), ("processes", Isolation::Process)] {
        let one = listing(&runtime, isolation, 1);
        row(&format!("1 asked for a word, {name}"), one, one);
        row(&format!("10 asked for a word, {name}"), listing(&runtime, isolation, 10), one);
    }
}

/// The time that judging this many methods takes where no provider wants to be asked.
fn judging(count: usize) -> Duration {
    let addresses = [Address::phone(None, "mobile")];
    let carriers = [Carrier { id: "one", addresses: Some(&addresses) }];
    let sms = Channel::new("sms").unwrap();
    let method = "one:code".parse().unwrap();
    let person = person();
    least(2_000, || {
        for _ in 0..count {
            drop(black_box(judge(&method, &sms, &carriers, &person)));
        }
    })
}

fn person() -> Person {
    let fields = [("mobile", "+447700900123"), ("email", "ada@example.com")];
    Person::Member(Member::with_fields(fields))
}

/// The time that one list of methods takes with this many providers that want to be asked.
fn listing(runtime: &Runtime, isolation: Isolation, count: usize) -> Duration {
    let dropped = Dropped::with(&["dry_run"]);
    let settings: Vec<_> = (0..count)
        .map(|number| {
            let outbox = dropped.path().join(format!("{number}.jsonl"));
            let mut settings = provider("dry_run", isolation, json!({ "outbox": outbox }));
            settings.id = format!("p{number}");
            settings
        })
        .collect();
    let clock = Clock::system();
    let providers = Arc::new(runtime.block_on(dropped.open_with(&settings, &clock)));
    let methods: Vec<_> = (0..count).map(|number| format!("p{number}:code").parse().unwrap()).collect();
    let application = Application {
        id: "web".to_owned(),
        keys: Vec::new(),
        methods,
        preferred: None,
        policy: Policy::default(),
        bounds: Bounds::default(),
        test_recipients: TestRecipients::default(),
        senders: Vec::new(),
        events: Events::default(),
        limits: Rules::off(),
        service_sid: None,
    };
    let chance = Chance::seeded(1);
    let keys = Arc::new(Keys::ephemeral(&chance).unwrap());
    let metrics = Arc::new(Metrics::new(clock.now()));
    let parts =
        LedgerParts { keys: Arc::clone(&keys).into(), chance: chance.clone(), clock: clock.clone(), metrics };
    let verifier = Verifier::new(VerifierParts {
        applications: [("web".to_owned(), application.clone())].into(),
        routes: Routes::default(),
        providers: Arc::clone(&providers),
        ledger: Ledger::in_memory(parts).unwrap(),
        keys: keys.into(),
        clock,
        chance,
    });
    let person = person();
    let list = || runtime.block_on(verifier.methods(&application, &person));
    assert_eq!(list().offers.len(), count, "{:?}", list().refusals);
    let time = least(200, || drop(black_box(list())));
    runtime.block_on(providers.close());
    time
}

/// The least of nine rounds: whatever else runs on the machine only ever adds.
fn least(calls: u32, mut call: impl FnMut()) -> Duration {
    let mut round = || {
        let begin = Instant::now();
        (0..calls).for_each(|_| call());
        begin.elapsed() / calls
    };
    (0..9).map(|_| round()).min().unwrap_or_default()
}

fn once(name: &str, call: impl FnOnce()) {
    let begin = Instant::now();
    call();
    println!("{name:<52} {:>12}", format!("{:.1?}", begin.elapsed()));
}

fn row(name: &str, time: Duration, one: Duration) {
    let ratio = time.as_secs_f64() / one.as_secs_f64();
    println!("{name:<52} {:>12} {ratio:>8.1}", format!("{time:.1?}"));
}
