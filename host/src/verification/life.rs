//! A verification's states and what leads from one to another: the one table that the rules, their tests and the chart
//! in ARCHITECTURE.md are made of.

use super::{Ended, Status};
use std::fmt;

/// What happens to a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Its message is sent again.
    Resend,
    /// A wrong code came, and checks are left.
    Wrong,
    /// A wrong code came with the last check.
    LastWrong,
    /// The right code came.
    Right,
    /// The application checked it by itself.
    Vouch,
    /// The application gives it up, or starts another in its place.
    Cancel,
    /// Its time runs out.
    Timeout,
}

/// From where, on what, to where. Whatever does not stand here is refused and changes nothing.
pub const LIFE: [(Status, Event, Status); 8] = [
    (Status::Pending, Event::Resend, Status::Pending),
    (Status::Pending, Event::Wrong, Status::Pending),
    (Status::Pending, Event::LastWrong, Status::Exhausted),
    (Status::Pending, Event::Right, Status::Approved),
    (Status::Pending, Event::Vouch, Status::Approved),
    (Status::Pending, Event::Cancel, Status::Canceled),
    (Status::Pending, Event::Timeout, Status::Expired),
    (Status::Canceled, Event::Cancel, Status::Canceled),
];

impl Status {
    /// Every state, the first one first.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Approved, Self::Exhausted, Self::Expired, Self::Canceled];

    /// Where an event leads.
    ///
    /// # Errors
    ///
    /// When a verification in this state does nothing of the kind any more.
    pub fn on(self, event: Event) -> Result<Self, Ended> {
        let line = LIFE.iter().find(|(from, on, _)| (*from, *on) == (self, event));
        line.map(|(_, _, to)| *to).ok_or(Ended(self))
    }
}

impl Status {
    /// The word: `pending`, `approved`, ….
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Exhausted => "exhausted",
            Self::Expired => "expired",
            Self::Canceled => "canceled",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 7] =
        [Self::Resend, Self::Wrong, Self::LastWrong, Self::Right, Self::Vouch, Self::Cancel, Self::Timeout];

    /// What the chart says of it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Resend => "start again, a resend",
            Self::Wrong => "wrong code",
            Self::LastWrong => "wrong code, the last check",
            Self::Right => "right code",
            Self::Vouch => "the application's own word",
            Self::Cancel => "cancel, or a start that takes its place",
            Self::Timeout => "time runs out",
        }
    }
}

/// The table as a mermaid state diagram.
pub fn chart() -> String {
    let first = format!("    [*] --> {}: start\n", Status::Pending);
    let steps = LIFE.iter().map(|(from, event, to)| format!("    {from} --> {to}: {}\n", event.as_str()));
    let may_leave = |state: &Status| LIFE.iter().any(|(from, _, to)| from == state && to != from);
    let ends = Status::ALL.iter().filter(|state| !may_leave(state));
    let ends = ends.map(|state| format!("    {state} --> [*]\n"));
    let lines: String = std::iter::once(first).chain(steps).chain(ends).collect();
    format!("```mermaid\nstateDiagram-v2\n{lines}```\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        application::Policy,
        clock::millis,
        verification::{
            ResendRefused, Verdict, Verification,
            tests::{delivery, policy, verification},
        },
    };
    use jiff::Timestamp;
    use std::time::Duration;

    const DOCUMENT: &str = include_str!("../../../ARCHITECTURE.md");

    /// X37: the published chart is the table.
    #[test]
    fn the_documented_chart_is_generated_from_the_table() {
        let begin = "<!-- generated from host/src/verification/life.rs -->\n";
        let (_, rest) = DOCUMENT.split_once(begin).expect("ARCHITECTURE.md has the chart");
        let (documented, _) = rest.split_once("<!-- end -->").expect("the chart ends");
        assert_eq!(documented, chart(), "put this between the markers of ARCHITECTURE.md");
    }

    /// A verification in this state, and a moment at which it is in it. Its last check is the first if it has only one.
    fn in_state(status: Status, checks: u8) -> (Verification, Timestamp) {
        let now = millis(0);
        let mut it = verification(Policy { checks, pause: Duration::ZERO, ..policy() }, now);
        match status {
            Status::Pending => {}
            Status::Approved => assert_eq!(it.check(now, |_| true), Ok(Verdict::Right)),
            Status::Exhausted => {
                for _ in 0..checks {
                    assert_eq!(it.check(now, |_| false), Ok(Verdict::Wrong));
                }
            }
            Status::Canceled => assert_eq!(it.cancel(now), Ok(true)),
            Status::Expired => return (it.clone(), it.expires_at),
        }
        (it, now)
    }

    /// X33, X36, T50–T53: the rules do what the table says, in every state and on every event.
    #[test]
    fn in_every_state_every_event_does_what_the_table_says() {
        for (status, event) in
            Status::ALL.into_iter().flat_map(|status| Event::ALL.map(|event| (status, event)))
        {
            let (mut it, mut now) = in_state(status, if event == Event::LastWrong { 1 } else { 3 });
            assert_eq!(it.status(now), status);
            let before = it.clone();
            let ended = match event {
                Event::Right => it.check(now, |_| true).err(),
                Event::Wrong | Event::LastWrong => it.check(now, |_| false).err(),
                Event::Vouch => it.vouch(now).err(),
                Event::Cancel => it.cancel(now).err(),
                Event::Resend => it.resend(delivery(), now).err().map(|refused| match refused {
                    ResendRefused::Ended(ended) => ended,
                    other => panic!("{other}"),
                }),
                Event::Timeout => {
                    now = it.expires_at;
                    status.on(event).err()
                }
            };
            assert_eq!(ended, status.on(event).err(), "{status} {event:?}");
            assert_eq!(it.status(now), status.on(event).unwrap_or(status), "{status} {event:?}");
            assert!(ended.is_none() || it == before, "what is refused changes nothing: {status} {event:?}");
        }
    }

    #[test]
    fn pending_is_left_once_and_nothing_comes_back_to_it() {
        for (from, _, to) in LIFE {
            assert!(from == Status::Pending || from == to, "{from} leads to {to}");
        }
    }
}
