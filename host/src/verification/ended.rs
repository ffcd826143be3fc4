//! How an application ends a verification by its own word.

use super::{Ended, Event, Status, Verification};
use jiff::Timestamp;

impl Verification {
    /// Gives it up and says whether that ended it: giving up twice is the same as once.
    ///
    /// # Errors
    ///
    /// When it ended in another way.
    pub fn cancel(&mut self, now: Timestamp) -> Result<bool, Ended> {
        let was_pending = self.is_pending(now);
        self.step(Event::Cancel, now)?;
        Ok(was_pending)
    }

    /// Approves it because the application says so.
    ///
    /// # Errors
    ///
    /// When it is over.
    pub fn vouch(&mut self, now: Timestamp) -> Result<(), Ended> {
        self.step(Event::Vouch, now)?;
        self.is_vouched = true;
        Ok(())
    }

    /// How many wrong codes came: the right one, if it came, was a check as well.
    pub fn wrong_codes(&self) -> u8 {
        let right = u8::from(self.status == Status::Approved && !self.is_vouched);
        self.checks().saturating_sub(self.checks_left).saturating_sub(right)
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        clock::millis,
        verification::tests::{policy, verification},
    };

    #[test]
    fn wrong_codes_are_counted_whichever_way_it_is_approved() {
        let now = millis(1_000);
        for by_word in [true, false] {
            let mut it = verification(policy(), now);
            assert_eq!(it.wrong_codes(), 0);
            it.check(now, |_| false).unwrap();
            assert_eq!(it.wrong_codes(), 1);
            if by_word {
                it.vouch(now).unwrap();
            } else {
                it.check(now, |_| true).unwrap();
            }
            assert_eq!((it.status(now), it.wrong_codes()), (super::Status::Approved, 1));
        }
        let mut it = verification(policy(), now);
        for wrong in 1..=policy().checks {
            it.check(now, |_| false).unwrap();
            assert_eq!(it.wrong_codes(), wrong);
        }
    }
}
