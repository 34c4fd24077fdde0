//! Replaces the key that signs access tokens on AWS: three steps, each followed by a deployment. Which one is next
//! follows from what Secrets Manager and Parameter Store hold, so a step that was cut off is finished by the next run.

mod aws;

use banister_platform::config::Settings;
use banister_platform::identity::SigningKey;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::ManageError;
use aws::Aws;

/// How long after the step before the old key may be dropped: tokens that it has signed are good for 15 minutes, and
/// functions sign with it until they are deployed anew, which this leaves 15 minutes for.
const OLD_TOKENS: SignedDuration = SignedDuration::from_mins(30);

/// Which deployment, and where its API is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deployment {
    /// Its stage.
    pub(crate) stage: String,
    /// The URL of its API, to see which keys its functions know.
    pub(crate) api: String,
}

/// What is kept of keys.
struct Held {
    /// The one that signs.
    current: SigningKey,
    /// The one that will sign.
    pending: Option<SigningKey>,
    /// The JWKs that functions get at the next deployment. The first one is of the key that signs.
    public: Vec<Value>,
    /// When they were last written.
    written: Timestamp,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// A new key is made, and its public half published.
    Announce,
    /// It signs.
    Use,
    /// The public half of the one before is no longer published.
    Drop,
}

fn kid(key: &Value) -> &str {
    key["kid"].as_str().unwrap_or_default()
}

fn kids(keys: &[Value]) -> Vec<&str> {
    keys.iter().map(kid).collect()
}

impl Held {
    /// The next step, given the ids of the keys that the deployed functions know.
    fn next(&self, deployed: &[String], now: Timestamp) -> Result<Step, ManageError> {
        let public = kids(&self.public);
        if !public.contains(&self.current.id()) {
            return Err(ManageError::Refused(
                "the key that signs is not among the public ones in Parameter Store",
            ));
        }
        let announced = self.pending.as_ref().is_none_or(|key| public.contains(&key.id()));
        if !announced {
            return Ok(Step::Announce);
        }
        if deployed != public {
            return Err(ManageError::Refused(
                "deploy first: the functions do not have the keys of Parameter Store",
            ));
        }
        match (&self.pending, public.as_slice()) {
            (Some(_), _) => Ok(Step::Use),
            (None, [_]) => Ok(Step::Announce),
            // It was cut off between the two stores.
            (None, [first, ..]) if *first != self.current.id() => Ok(Step::Use),
            (None, _) if now.duration_since(self.written) < OLD_TOKENS => Err(ManageError::Refused(
                "too soon: half an hour after the last step, tokens of the old key are over",
            )),
            (None, _) => Ok(Step::Drop),
        }
    }
}

/// A step that may be done now.
pub(crate) struct Plan {
    aws: Aws,
    held: Held,
    step: Step,
}

impl Plan {
    /// The next step for a deployment, if it may be done at `now`.
    pub(crate) async fn of(
        settings: &Settings,
        deployment: &Deployment,
        now: Timestamp,
    ) -> Result<Self, ManageError> {
        let aws = Aws::from_settings(settings, &deployment.stage)?;
        let held = aws.held().await?;
        let step = held.next(&aws::deployed(&deployment.api).await?, now)?;
        Ok(Self { aws, held, step })
    }

    /// What it is called.
    pub(crate) const fn name(&self) -> &'static str {
        match self.step {
            Step::Announce => "announce",
            Step::Use => "use",
            Step::Drop => "drop",
        }
    }

    /// The keys as they are before it, by their ids.
    pub(crate) fn keys(&self) -> Value {
        let pending = self.held.pending.as_ref().map(SigningKey::id);
        json!({ "signing": self.held.current.id(), "pending": pending, "public": kids(&self.held.public) })
    }

    /// Does it; `id` names the key, if one is made.
    pub(crate) async fn carry_out(self, id: &str) -> Result<Value, ManageError> {
        let name = self.name();
        let Self { aws, held: Held { current, pending, mut public, .. }, step } = self;
        let signing = match step {
            Step::Announce => {
                let new = match pending {
                    Some(key) => key,
                    None => aws.add_pending(SigningKey::generate(id)?).await?,
                };
                public.push(new.public()?);
                current
            }
            Step::Use => {
                let signing = match pending {
                    Some(key) => aws.promote(key).await?,
                    None => current,
                };
                public.sort_by_key(|key| kid(key) != signing.id());
                signing
            }
            Step::Drop => {
                public.retain(|key| kid(key) == current.id());
                current
            }
        };
        aws.publish(&public).await?;
        let next = if name == "use" { "deploy; half an hour after that, drop" } else { "deploy" };
        Ok(json!({ "step": name, "signing": signing.id(), "public": kids(&public), "next": next }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> SigningKey {
        SigningKey::generate(id).expect("a key")
    }

    /// What is next where the keys `public` are published and deployed, as seen an hour later.
    fn next(current: &str, pending: Option<&str>, public: &[&str]) -> Result<Step, String> {
        after(current, pending, (public, public), SignedDuration::from_hours(1))
    }

    fn after(
        current: &str,
        pending: Option<&str>,
        (public, deployed): (&[&str], &[&str]),
        passed: SignedDuration,
    ) -> Result<Step, String> {
        let written = Timestamp::UNIX_EPOCH;
        let public = public.iter().map(|id| key(id).public().expect("a key")).collect();
        let held = Held { current: key(current), pending: pending.map(key), public, written };
        let deployed: Vec<_> = deployed.iter().map(|&id| id.to_owned()).collect();
        held.next(&deployed, written + passed).map_err(|error| error.to_string())
    }

    #[test]
    fn a_key_is_announced_then_used_then_the_old_one_dropped() {
        assert_eq!(next("a", None, &["a"]), Ok(Step::Announce));
        assert_eq!(next("a", Some("b"), &["a", "b"]), Ok(Step::Use));
        assert_eq!(next("b", None, &["b", "a"]), Ok(Step::Drop));
        assert_eq!(next("b", None, &["b"]), Ok(Step::Announce));
    }

    #[test]
    fn what_was_cut_off_is_finished() {
        let pending_only = (["a"].as_slice(), ["a"].as_slice());
        assert_eq!(after("a", Some("b"), pending_only, SignedDuration::ZERO), Ok(Step::Announce));
        assert_eq!(next("b", None, &["a", "b"]), Ok(Step::Use));
    }

    #[test]
    fn no_step_comes_before_the_functions_are_ready() {
        let hour = SignedDuration::from_hours(1);
        for (current, pending, public, deployed) in [
            ("a", Some("b"), ["a", "b"].as_slice(), ["a"].as_slice()),
            ("b", None, &["b", "a"], &["a", "b"]),
            ("b", None, &["b"], &["b", "a"]),
        ] {
            let refused = after(current, pending, (public, deployed), hour).expect_err("not deployed");
            assert!(refused.starts_with("deploy first"), "{refused}");
        }
        let both = ["b", "a"].as_slice();
        let soon = OLD_TOKENS - SignedDuration::from_secs(1);
        assert!(after("b", None, (both, both), soon).expect_err("too soon").starts_with("too soon"));
        assert!(next("c", None, &["a", "b"]).expect_err("lost").contains("not among the public ones"));
    }
}
