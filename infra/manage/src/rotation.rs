//! Replaces the key that signs access tokens on AWS: three steps, each followed by a deployment, and a look at the second
//! one. What is next follows from what Secrets Manager and Parameter Store hold, so a step that was cut off is finished by
//! the next run.

mod aws;

use banister_platform::config::Settings;
use banister_platform::identity::SigningKey;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::ManageError;
use aws::Aws;

/// How long after the functions were seen with the new key the old one may be dropped: tokens that it has signed are
/// good for 15 minutes, and a deployment that was seen at one function leaves it 15 minutes to get to all of them.
pub(crate) const OLD_TOKENS: SignedDuration = SignedDuration::from_mins(30);

/// Which deployment, and where its API is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deployment {
    /// Its stage.
    pub(crate) stage: String,
    /// The URL of its API, to see which keys its functions know.
    pub(crate) api: String,
    /// How long tokens of the old key are let live, from when the functions were seen with the new one. None at all where
    /// the key was lost to somebody else.
    pub(crate) wait: SignedDuration,
}

/// What is kept of keys.
struct Held {
    /// The one that signs.
    current: SigningKey,
    /// The one that will sign.
    pending: Option<SigningKey>,
    /// The JWKs that functions get at the next deployment. The first one is of the key that signs.
    public: Vec<Value>,
    /// The ids of those that the functions were last seen to have, while they waited for the old one to be dropped.
    seen: Option<Seen>,
}

/// What the functions were seen to have.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    /// The ids of the keys.
    public: Vec<String>,
    /// Since when, at the latest.
    since: Timestamp,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// A new key is made, and its public half published.
    Announce,
    /// It signs.
    Use,
    /// The functions have it first: from now on the tokens of the old one grow old.
    Wait,
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
    fn next(&self, deployed: &[String], wait: SignedDuration, now: Timestamp) -> Result<Step, ManageError> {
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
            (None, _) if wait.is_zero() => Ok(Step::Drop),
            (None, _) => match self.seen.as_ref().filter(|seen| seen.public == public) {
                None => Ok(Step::Wait),
                Some(seen) if now.duration_since(seen.since) < wait => Err(ManageError::Refused(
                    "too soon: wait as long as was asked for (half an hour, if nothing else was) after the functions were seen with the new key, until tokens of the old one are over",
                )),
                Some(_) => Ok(Step::Drop),
            },
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
        if aws.table().await? != settings.required("TABLE_NAME")? {
            return Err(ManageError::Refused("TABLE_NAME is not the table of that stage"));
        }
        let held = aws.held().await?;
        let step = held.next(&aws::deployed(&deployment.api).await?, deployment.wait, now)?;
        Ok(Self { aws, held, step })
    }

    /// What it is called.
    pub(crate) const fn name(&self) -> &'static str {
        match self.step {
            Step::Announce => "announce",
            Step::Use => "use",
            Step::Wait => "wait",
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
            Step::Wait => {
                aws.see(&kids(&public)).await?;
                let next = "after the wait (half an hour, if no other was asked for), drop";
                return Ok(
                    json!({ "step": name, "signing": current.id(), "public": kids(&public), "next": next }),
                );
            }
            Step::Drop => {
                public.retain(|key| kid(key) == current.id());
                current
            }
        };
        aws.publish(&public).await?;
        let next = if name == "use" { "deploy; then wait, which begins the half hour" } else { "deploy" };
        Ok(json!({ "step": name, "signing": signing.id(), "public": kids(&public), "next": next }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> SigningKey {
        SigningKey::generate(id).expect("a key")
    }

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|&id| id.to_owned()).collect()
    }

    /// What is next where the keys `public` are published and deployed, and were seen an hour ago.
    fn next(current: &str, pending: Option<&str>, public: &[&str]) -> Result<Step, String> {
        after(current, pending, (public, public), Some((public, SignedDuration::from_hours(1))), OLD_TOKENS)
    }

    fn after(
        current: &str,
        pending: Option<&str>,
        (public, deployed): (&[&str], &[&str]),
        seen: Option<(&[&str], SignedDuration)>,
        wait: SignedDuration,
    ) -> Result<Step, String> {
        let now = Timestamp::UNIX_EPOCH;
        let public = public.iter().map(|id| key(id).public().expect("a key")).collect();
        let seen = seen.map(|(public, passed)| Seen { public: ids(public), since: now - passed });
        let held = Held { current: key(current), pending: pending.map(key), public, seen };
        held.next(&ids(deployed), wait, now).map_err(|error| error.to_string())
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
        assert_eq!(after("a", Some("b"), pending_only, None, OLD_TOKENS), Ok(Step::Announce));
        assert_eq!(next("b", None, &["a", "b"]), Ok(Step::Use));
    }

    #[test]
    fn no_step_comes_before_the_functions_are_ready() {
        for (current, pending, public, deployed) in [
            ("a", Some("b"), ["a", "b"].as_slice(), ["a"].as_slice()),
            ("b", None, &["b", "a"], &["a", "b"]),
            ("b", None, &["b"], &["b", "a"]),
        ] {
            // Not even where nobody waits.
            for wait in [OLD_TOKENS, SignedDuration::ZERO] {
                let refused =
                    after(current, pending, (public, deployed), None, wait).expect_err("not deployed");
                assert!(refused.starts_with("deploy first"), "{refused}");
            }
        }
        assert!(next("c", None, &["a", "b"]).expect_err("lost").contains("not among the public ones"));
    }

    /// The half hour begins when the functions are seen with the new key, not when it was made the one that signs, and not
    /// when they were seen with other keys.
    #[test]
    fn the_old_key_stays_for_half_an_hour_after_the_deployment() {
        let both = ["b", "a"].as_slice();
        let next = |seen, wait| after("b", None, (both, both), seen, wait);
        let (hour, second) = (SignedDuration::from_hours(1), SignedDuration::from_secs(1));
        assert_eq!(next(None, OLD_TOKENS), Ok(Step::Wait));
        assert_eq!(next(Some((&["a", "b"], hour)), OLD_TOKENS), Ok(Step::Wait));
        assert_eq!(next(Some((&["a", "c"], hour)), OLD_TOKENS), Ok(Step::Wait));
        let soon = next(Some((both, OLD_TOKENS - second)), OLD_TOKENS).expect_err("too soon");
        assert!(soon.starts_with("too soon"), "{soon}");
        assert_eq!(next(Some((both, OLD_TOKENS)), OLD_TOKENS), Ok(Step::Drop));
        // Lost to somebody else.
        assert_eq!(next(None, SignedDuration::ZERO), Ok(Step::Drop));
        assert_eq!(next(Some((both, second)), SignedDuration::ZERO), Ok(Step::Drop));
    }
}
