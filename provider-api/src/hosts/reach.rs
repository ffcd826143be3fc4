//! What one provider reaches: declared by its library and permitted by its operator, both.

use super::{Pattern, Target, keys};
use serde_json::Value;
use std::fmt;

/// What one provider reaches.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    declared: Vec<Pattern>,
    permitted: Option<Vec<Pattern>>,
}

/// A host that a provider does not reach, and who would have to say otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreachable {
    /// Its library does not declare it.
    Undeclared(String),
    /// The operator's `allow_hosts` leaves it out.
    NotPermitted(String),
}

impl Reach {
    /// What a library declares, with the hosts that stand in the configuration: there, or as a default in the schema.
    /// `read` tells where a URL leads to.
    pub fn declared(
        hosts: Vec<Pattern>,
        config: &Value,
        schema: &Value,
        read: fn(&str) -> Option<Target>,
    ) -> Self {
        let declared = hosts.into_iter().flat_map(|pattern| match pattern {
            Pattern::Key(key) => keys::hosts(&key, config, schema, read),
            other => vec![other],
        });
        Self { declared: declared.collect(), permitted: None }
    }

    /// Only what the operator permits as well, if they say.
    #[must_use]
    pub fn permitting(self, permitted: Option<Vec<Pattern>>) -> Self {
        Self { permitted, ..self }
    }

    /// Whether what an operator permits could be any of what is declared.
    pub fn could_be(&self, permitted: &Pattern) -> bool {
        self.declared.iter().any(|declared| declared.meets(permitted))
    }

    /// Judges a request.
    ///
    /// # Errors
    ///
    /// When it would leave what is declared and permitted.
    pub fn check(&self, target: &Target) -> Result<(), Unreachable> {
        let among = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(target));
        if !among(&self.declared) {
            return Err(Unreachable::Undeclared(target.to_string()));
        }
        match &self.permitted {
            Some(permitted) if !among(permitted) => Err(Unreachable::NotPermitted(target.to_string())),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undeclared(host) => {
                write!(
                    f,
                    "the library does not declare the host `{host}` (hint: `hosts` of its `export_provider!` does)"
                )
            }
            Self::NotPermitted(host) => write!(f, "`allow_hosts` does not permit the host `{host}`"),
        }
    }
}

impl std::error::Error for Unreachable {}
