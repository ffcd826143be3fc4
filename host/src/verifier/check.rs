//! Checking a typed code.

use super::{
    Idempotency, Verifier, VerifyError,
    events::tell_end,
    idempotency::Memo,
    limits::Checks,
    newest::{Sought, Which},
};
use crate::{
    application::Application,
    limit::{Guessing, Standing},
    seal::{Code, Keys, OpenError, Typed, VerificationId},
    store::{Changes, Done, Stop, View},
    verification::{Summary, Verdict, Verification},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is asked of a check.
#[derive(Debug, Clone)]
pub struct Check {
    /// The verification.
    pub id: VerificationId,
    /// What was typed.
    pub typed: Typed,
    /// What the code is to approve, as the caller shows it to the payer: amount and payee.
    pub payment: (Option<String>, Option<String>),
    /// The caller's own name for this request.
    pub idempotency: Option<Idempotency>,
}

/// What a check found; it is remembered as it stands, so it holds nothing secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checked {
    /// The verification after it.
    pub verification: Summary,
    /// Whether the code was right.
    pub verdict: Verdict,
    /// The limits that it came under; none if this is an earlier answer again.
    #[serde(skip)]
    pub limits: Vec<Standing>,
    /// The same whole, for a face that may tell more of it; not of an earlier answer again.
    #[serde(skip)]
    pub whole: Option<Box<Verification>>,
    /// Whether this is an earlier answer again.
    #[serde(skip, default = "again")]
    pub replayed: bool,
}

/// What is read back was given before.
fn again() -> bool {
    true
}

struct Checking {
    keys: Arc<Keys>,
    application: String,
    sought: Sought,
    typed: Typed,
    guessing: Guessing,
    payment: (Option<String>, Option<String>),
    memo: Option<Memo>,
}

impl Verifier {
    /// Checks a code once: the count is spent, then the code compared, and a right one approves once.
    ///
    /// Where the code approves a payment, amount and payee must be repeated to the letter; a verdict does not tell which of
    /// the three was wrong (Delegated Regulation (EU) 2018/389 articles 4 and 5).
    ///
    /// # Errors
    ///
    /// When the application has no such verification, when it is over, when its recipient or member had too many wrong
    /// codes, when the idempotency key named another request, or when the store is busy.
    pub async fn check(&self, application: &Application, check: Check) -> Result<Checked, VerifyError> {
        let Check { id, typed, payment, idempotency } = check;
        self.check_which(application, Which::Named(id), (typed, payment), idempotency).await
    }

    /// The same of one that need not be named by its id.
    ///
    /// # Errors
    ///
    /// As [`Verifier::check`].
    pub async fn check_which(
        &self,
        application: &Application,
        which: Which,
        (typed, payment): (Typed, (Option<String>, Option<String>)),
        idempotency: Option<Idempotency>,
    ) -> Result<Checked, VerifyError> {
        let server_keys = self.keys.now();
        let memo = idempotency.map(|named| Memo::new(&server_keys, &application.id, &named));
        let sought = Sought::new(&server_keys, &application.id, which);
        let keys = sought.keys().chain(memo.as_ref().map(Memo::key)).collect();
        let guessing = application.limits.guessing;
        let application = application.id.clone();
        let checking = Checking { keys: server_keys, application, sought, typed, payment, guessing, memo };
        self.ledger.run(keys, move |view, now| checking.apply(view, now)).await?
    }
}

impl Checking {
    fn apply(&self, view: &View<'_>, now: Timestamp) -> Result<Done<Result<Checked, VerifyError>>, Stop> {
        let mut changes = Changes::none();
        if let Some(memo) = &self.memo
            && let Some(recalled) = memo.recall::<Checked>(view)?
        {
            return Ok(changes.answer(recalled));
        }
        let mut verification = match self.sought.read(view, &self.application)? {
            Ok(verification) => verification,
            Err(missing) => return Ok(changes.answer(Err(missing))),
        };
        let code = match verification.code(&self.keys, verification.generation) {
            Ok(code) => code,
            Err(OpenError::LostKey(key)) => return Ok(changes.answer(Err(VerifyError::LostKey(key)))),
            Err(OpenError::Damaged) => return Err(Stop::Damaged((&verification.id).into())),
        };
        let mut limits = Checks::read(view, &self.keys, self.guessing, &verification)?;
        if let Some(exceeded) = limits.refusal(now).filter(|_| verification.is_pending(now)) {
            return Ok(changes.answer(Err(exceeded.into())));
        }
        let is_right = |spent: &Verification| self.is_right(spent, &code);
        let verdict = match verification.check(now, is_right) {
            Ok(verdict) => verdict,
            Err(ended) => return Ok(changes.answer(Err(ended.into()))),
        };
        changes.keep_verification(&verification, now)?;
        if !verification.is_pending(now) {
            tell_end(&mut changes, &verification, now)?;
        }
        limits.count(view, &mut changes, verdict, now)?;
        let (summary, whole) = (verification.summary(now), Some(Box::new(verification)));
        let limits = limits.standings(now);
        let checked = Checked { verification: summary, verdict, limits, whole, replayed: false };
        if let Some(memo) = &self.memo {
            memo.remember(&mut changes, &checked, now)?;
        }
        Ok(changes.answer(Ok(checked)))
    }

    /// Whether code, amount and payee are all as they should be; all are compared, whichever is wrong.
    fn is_right(&self, verification: &Verification, code: &Code) -> bool {
        let is_code = code.matches(&self.typed);
        let is_payment = match (&verification.payment, &self.payment) {
            (Some(payment), (Some(amount), Some(payee))) => payment.is_same(amount, payee),
            (None, (None, None)) => true,
            _ => false,
        };
        is_code & is_payment
    }
}
