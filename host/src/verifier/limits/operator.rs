//! What an operator sees of limits, and how they free someone.

use super::{
    checks::{Guessed, MEMBER, RECIPIENT, of_member, of_recipient},
    place::Place,
    sends::{PER_API_KEY, PER_APPLICATION, PER_CLIENT_IP, PER_MEMBER, PER_RECIPIENT},
};
use crate::{
    factor::Identity,
    limit::{Guessing, Rate, Rules, Standing, Window, address, network},
    seal::Keys,
    store::{Changes, Done, Stop, View},
    verifier::{Verifier, VerifyError, factors::Factors},
};
use jiff::Timestamp;
use provider_api::Recipient;
use std::{net::IpAddr, sync::Arc};

/// Whom an operator asks about.
#[derive(Debug, Clone)]
pub enum Subject {
    /// The application as a whole.
    Application,
    /// A recipient.
    Recipient(Recipient),
    /// A member, by the application's own id.
    Member(String),
    /// An API key, by its [public name](crate::seal::public_name).
    ApiKey(String),
    /// An entity, by its identity: the wrong codes of its factors.
    Entity(Identity),
    /// A network address of members.
    ClientIp(IpAddr),
}

/// The limits of a subject, and where they are kept.
struct Kept {
    sends: Option<(&'static str, Rate, Place)>,
    failures: Option<([&'static str; 2], Guessed)>,
    factors: Option<Factors>,
    rules: Guessing,
}

impl Verifier {
    /// How much of each limit is used that counts this subject.
    ///
    /// # Errors
    ///
    /// When there is no such application, or the store is busy.
    pub async fn limits(&self, application: &str, subject: Subject) -> Result<Vec<Standing>, VerifyError> {
        let keys = self.keys.now();
        let kept = self.kept(&keys, application, &subject)?;
        Ok(self.ledger.run(Vec::new(), move |view, now| kept.standings(view, now)).await?)
    }

    /// Forgets what was counted of this subject, locks as well; says how much is used now.
    ///
    /// What a member's wrong codes added to the counts of recipients is taken out of these.
    ///
    /// # Errors
    ///
    /// As [`Verifier::limits`].
    pub async fn free(&self, application: &str, subject: Subject) -> Result<Vec<Standing>, VerifyError> {
        let keys = self.keys.now();
        let kept = self.kept(&keys, application, &subject)?;
        self.ledger.run(Vec::new(), move |view, now| kept.free(view, &keys, now)).await?;
        self.limits(application, subject).await
    }

    fn kept(&self, keys: &Arc<Keys>, application: &str, subject: &Subject) -> Result<Kept, VerifyError> {
        let known = self.directory.application(application).ok_or(VerifyError::NoApplication)?;
        Ok(Kept::new(keys, &known.limits, application, subject))
    }
}

impl Kept {
    fn new(keys: &Arc<Keys>, rules: &Rules, application: &str, subject: &Subject) -> Self {
        let sends = |name: &'static str, rate: Option<Rate>, whom: &str| {
            rate.map(|rate| (name, rate, Place::new(keys, name, application, whom)))
        };
        let (sends, failures) = match subject {
            Subject::Application => (sends(PER_APPLICATION, rules.sends_per_application, ""), None),
            Subject::Recipient(to) => (
                sends(PER_RECIPIENT, rules.sends_per_recipient, &address(to.as_str())),
                Some((RECIPIENT, of_recipient(keys, application, to.as_str()))),
            ),
            Subject::Member(id) => (
                sends(PER_MEMBER, rules.sends_per_member, id),
                Some((MEMBER, of_member(keys, application, id))),
            ),
            // No message goes to them.
            Subject::Entity(_) => (None, None),
            Subject::ApiKey(name) => (sends(PER_API_KEY, rules.sends_per_api_key, name), None),
            Subject::ClientIp(ip) => (sends(PER_CLIENT_IP, rules.sends_per_client_ip, &network(*ip)), None),
        };
        let factors = match subject {
            Subject::Entity(identity) => Some(Factors::new(keys, application, identity)),
            _ => None,
        };
        Self { sends, failures, factors, rules: rules.guessing }
    }

    fn standings(&self, view: &View<'_>, now: Timestamp) -> Result<Done<Vec<Standing>>, Stop> {
        let mut standings = Vec::new();
        if let Some((name, rate, place)) = &self.sends {
            let window = place.read::<Window>(view)?.1.unwrap_or_default();
            standings.push(window.standing(name, *rate, now));
        }
        if let Some((names, guessed)) = &self.failures {
            standings.extend(guessed.failures(view)?.standings(*names, self.rules, now));
        }
        if let Some(factors) = &self.factors {
            standings.extend(factors.standings(view, self.rules, now)?);
        }
        Ok(Changes::none().answer(standings))
    }

    fn free(&self, view: &View<'_>, keys: &Keys, now: Timestamp) -> Result<Done<()>, Stop> {
        let mut changes = Changes::none();
        if let Some((_, _, place)) = &self.sends {
            place.keys().for_each(|key| changes.remove(key));
        }
        if let Some((_, guessed)) = &self.failures {
            guessed.free(view, &mut changes, (keys, self.rules), now)?;
        }
        if let Some(factors) = &self.factors {
            factors.free(view, &mut changes)?;
        }
        Ok(changes.answer(()))
    }
}
