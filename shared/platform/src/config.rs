//! Settings: named values from the environment (on AWS) or from the local cloud.

use std::collections::BTreeMap;
use std::sync::Arc;

/// A setting that is missing or makes no sense. The value is never shown: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not set, or set to nothing.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// Set, but of no use.
    #[error("{name} is not valid: {problem}")]
    Invalid {
        /// Which setting.
        name: &'static str,
        /// What is wrong with it, without its value.
        problem: String,
    },
    /// In Secrets Manager, and not to be had from there.
    #[error("{name} cannot be read: {problem}")]
    Secret {
        /// Which setting.
        name: &'static str,
        /// Why not.
        problem: String,
    },
}

impl ConfigError {
    /// Which setting it is about.
    #[must_use]
    pub const fn setting(&self) -> &'static str {
        match self {
            Self::Missing(name) | Self::Invalid { name, .. } | Self::Secret { name, .. } => name,
        }
    }
}

/// Where settings are looked up. Names are listed with their meaning in `env.example`.
#[derive(Clone)]
pub struct Settings(Arc<Lookup>);

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Settings {
    /// The environment of the process.
    #[must_use]
    pub fn from_env() -> Self {
        Self(Arc::new(|name| std::env::var(name).ok()))
    }

    /// Given values; names not among them are not set.
    #[must_use]
    pub fn from_map(values: BTreeMap<String, String>) -> Self {
        Self(Arc::new(move |name| values.get(name).cloned()))
    }

    /// These, with `values` before them.
    #[must_use]
    pub fn with(self, values: BTreeMap<String, String>) -> Self {
        Self(Arc::new(move |name| values.get(name).cloned().or_else(|| (self.0)(name))))
    }

    /// The value, or none where it is not set or blank.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.trim().is_empty())
    }

    /// The value.
    pub fn required(&self, name: &'static str) -> Result<String, ConfigError> {
        self.optional(name).ok_or(ConfigError::Missing(name))
    }

    /// The value read as something; what is wrong with it must not repeat it.
    pub fn parsed<T, E: std::fmt::Display>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, ConfigError> {
        let value = self.required(name)?;
        parse(&value).map_err(|error| ConfigError::Invalid { name, problem: error.to_string() })
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Settings(…)")
    }
}
