//! Rules that hold template.yaml, env.example, samconfig.toml, events/, documents and the routes together. A
//! rule lists the faults it finds; the tests run each one on the real files, and on files broken on purpose.

pub mod documents;
pub mod events;
pub mod files;
pub mod operations;
pub mod rules;
pub mod template;

/// What a rule found, one line a fault; empty is good.
pub type Faults = Vec<String>;

/// A fault for each name that only one of two sets has.
pub(crate) fn unequal<'a, T: Ord + std::fmt::Debug + 'a>(
    (one, ones): (&str, &'a std::collections::BTreeSet<T>),
    (other, others): (&str, &'a std::collections::BTreeSet<T>),
) -> Faults {
    let only_one = ones.difference(others).map(|name| format!("{name:?} is in {one}, not in {other}"));
    only_one
        .chain(others.difference(ones).map(|name| format!("{name:?} is in {other}, not in {one}")))
        .collect()
}
