//! What the deployed stack tells whoever deployed it.

use std::collections::BTreeSet;

use crate::Faults;
use crate::template::Template;

/// No output has a parameter's name: `sam deploy` (1.170) ends with an error of its own on such a template.
#[must_use]
pub fn outputs_are_no_parameters(template: &Template) -> Faults {
    let parameters: BTreeSet<_> =
        template.section("Parameters").into_iter().map(|(name, _)| name.to_owned()).collect();
    let outputs = template.section("Outputs").into_iter().map(|(name, _)| name);
    let shared = outputs.filter(|name| parameters.contains(*name));
    shared.map(|name| format!("{name} is both a parameter and an output")).collect()
}
