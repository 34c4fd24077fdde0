//! Dollars by operation and by month: counted units times list prices.

mod capacity;
mod effects;
mod model;
mod prices;
mod stack;
mod tables;

use banister_checks::files;

use crate::{BenchError, document, functions};
use model::Model;
use prices::Prices;
use stack::Stack;

/// The page of this part.
pub(crate) const COSTS: &str = "docs/costs.md";
/// What operations ask of the table, as the end-to-end suite counts it.
const CAPACITY: &str = "infra/local/tests/api/capacity.txt";

/// The page of costs with tables made anew from capacity.txt, template.yaml, prices.json and the baseline of
/// the functions.
pub(crate) fn document() -> Result<String, BenchError> {
    document::with(COSTS, &generate()?)
}

/// Prints the tables, and writes them or looks whether the page has them. What is wrong, a line each.
pub(crate) fn run(bless: bool) -> Result<Vec<String>, BenchError> {
    for (name, table) in generate()? {
        println!("\ncost: {name}\n\n{table}");
    }
    let (page, committed) = (document()?, files::read(COSTS)?);
    if bless {
        document::write(COSTS, &page)?;
    } else if page != committed {
        return Ok(vec![format!("{COSTS} is stale; write it with cost --bless")]);
    }
    Ok(Vec::new())
}

fn generate() -> Result<Vec<(&'static str, String)>, BenchError> {
    let capacities = capacity::capacities(&files::read(CAPACITY)?);
    let missing = || {
        BenchError::Unexpected("cost: the functions have no baseline; make one with functions --bless".into())
    };
    let measured = functions::PART.baseline()?.ok_or_else(missing)?;
    let model = Model::new(Stack::read()?, capacities, measured)?;
    tables::all(&model, &Prices::read()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_costs_is_not_stale() {
        let page = files::read(COSTS).unwrap();
        assert!(document().unwrap() == page, "write it anew: cargo run -p banister-bench -- cost --bless");
    }

    #[test]
    fn operations_with_effects_exist() {
        let stack = Stack::read().unwrap();
        let effects = stack.functions.keys().filter(|operation| effects::effect(operation).is_some()).count();
        assert_eq!(effects, 46);
    }
}
