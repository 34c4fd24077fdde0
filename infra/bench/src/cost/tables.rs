//! The tables of docs/costs.md.

use std::fmt::Write as _;

use super::model::{self, Model};
use super::prices::{Bill, Prices, REFERENCE};
use crate::BenchError;

const MILLION: f64 = 1e6;

/// What the columns of a table put together.
const GROUPS: [(&str, &[&str]); 8] = [
    ("gateway", &["api requests", "socket messages"]),
    ("functions", &["function requests", "GB-seconds"]),
    ("table", &["read units", "write units"]),
    ("queues", &["queue requests"]),
    ("objects", &["object reads", "object writes"]),
    ("logs", &["log GB", "log GB-months"]),
    ("traces", &["traces"]),
    ("out", &["GB out"]),
];

type Tables = Vec<(&'static str, String)>;

/// Every table, by the name of its marks.
pub(super) fn all(model: &Model, prices: &Prices) -> Result<Tables, BenchError> {
    Ok(vec![
        ("operations", operations(model, prices)?),
        ("parts", parts(model, prices)?),
        ("idle", idle(model, prices)?),
        ("traffic", traffic(model, prices)?),
        ("assumptions", assumptions(model)),
        ("prices", listed(prices)),
    ])
}

fn heading(first: &str, more: &[&str]) -> String {
    format!("| {first} | {} |\n|---|{}\n", more.join(" | "), "--:|".repeat(more.len()))
}

/// Dollars for a million of a bill, by group, and in all.
fn cells(bill: &Bill, prices: &Prices) -> Result<(Vec<String>, f64), BenchError> {
    let mut cells = Vec::new();
    for (_, names) in GROUPS {
        let dollars = prices.part(bill, names)? * MILLION;
        cells.push(if dollars == 0.0 { String::new() } else { format!("{dollars:.2}") });
    }
    Ok((cells, prices.total(bill)? * MILLION))
}

fn operations(model: &Model, prices: &Prices) -> Result<String, BenchError> {
    let mut columns = vec!["ms"];
    columns.extend(GROUPS.iter().map(|group| group.0).filter(|group| !["queues", "objects"].contains(group)));
    columns.extend(["request", "effects", "**all**"]);
    let mut table = heading("operation", &columns);
    for operation in model
        .capacities
        .keys()
        .filter(|operation| model.stack.functions.get(*operation).is_some_and(|function| function.routed))
    {
        let (cells, request) = cells(&model.request(operation), prices)?;
        let kept = cells.iter().zip(GROUPS).filter(|(_, group)| !["queues", "objects"].contains(&group.0));
        let kept: Vec<_> = kept.map(|(cell, _)| cell.as_str()).collect();
        let effects = prices.total(&model.effects(operation))? * MILLION;
        let shown = if effects > 0.0 { format!("{effects:.2}") } else { String::new() };
        let all = request + effects;
        let (ms, kept) = (model.billed_ms(operation, 0.0), kept.join(" | "));
        // Writing to a string does not fail.
        let _ = writeln!(table, "| {operation} | {ms:.0} | {kept} | {request:.2} | {shown} | **{all:.2}** |");
    }
    Ok(table)
}

fn parts(model: &Model, prices: &Prices) -> Result<String, BenchError> {
    let mut columns: Vec<_> = GROUPS.iter().map(|group| group.0).collect();
    columns.push("**all**");
    let mut table = heading("part", &columns);
    let minutes = Bill::default().and("connection minutes", 60.0);
    for (name, bill) in [
        ("event, relayed to one queue", model.relay()),
        ("mail, from its queue on", model.mail()),
        ("push to one connection, from its queue on", model.push()),
        ("all that follows a change of a booking", model.effects("confirm_booking")),
        ("photo, from its upload on", model.photo()),
        ("connection opened", model.invocation("connect", 0.0)),
        ("connection closed", model.invocation("disconnect", 0.0)),
        ("frame of a client and its answer", model.frame()),
    ] {
        let (cells, all) = cells(&bill, prices)?;
        let _ = writeln!(table, "| {name} | {} | **{all:.2}** |", cells.join(" | "));
    }
    let all = prices.total(&minutes)? * MILLION;
    let _ = writeln!(
        table,
        "| hour of an open connection | {all:.2} |{} **{all:.2}** |",
        " |".repeat(GROUPS.len() - 1)
    );
    Ok(table)
}

fn idle(model: &Model, prices: &Prices) -> Result<String, BenchError> {
    let elsewhere = prices.of_region(REFERENCE);
    let mut table =
        format!("| cause | what | how much | $ a month | in {REFERENCE} |\n|---|---|--:|--:|--:|\n");
    let mut month = Bill::default();
    for (cause, bill) in model.idle() {
        for (name, quantity) in bill.0.iter().filter(|(_, quantity)| **quantity > 0.0) {
            let (dollars, there) = (prices.of(name, *quantity)?, elsewhere.of(name, *quantity)?);
            let amount = amount(*quantity);
            let _ = writeln!(table, "| {cause} | {name} | {amount} | {dollars:.2} | {there:.2} |");
        }
        month = month.and_all(&bill, 1.0);
    }
    let beyond = |prices: &Prices| -> Result<f64, BenchError> {
        month.0.iter().map(|(name, quantity)| prices.beyond_free(name, *quantity)).sum()
    };
    let (all, there) = (prices.total(&month)?, elsewhere.total(&month)?);
    let _ = writeln!(table, "| **all** | | | **{all:.2}** | **{there:.2}** |");
    let (all, there) = (beyond(prices)?, beyond(&elsewhere)?);
    let _ = writeln!(
        table,
        "| all, where the account uses its free allowances for nothing else | | | {all:.2} | {there:.2} |"
    );
    Ok(table)
}

fn traffic(model: &Model, prices: &Prices) -> Result<String, BenchError> {
    let mut table = heading("what", &["how much", "$ a month"]);
    let own = model::OWN_METRICS * f64::from(u16::try_from(model.stack.functions.len()).unwrap_or(u16::MAX));
    for (what, name, quantity) in [
        (
            "metrics of the gateways' routes, with `DetailedMetrics`",
            "custom metrics",
            f64::from(model.stack.route_metrics),
        ),
        ("metrics of the functions' own lines, at most", "custom metrics", own),
        ("traces of a function that is called once a second", "traces", model::traces(1.0)),
        ("traces of one that is called 10 times a second", "traces", model::traces(10.0)),
        ("traces of one that is called 100 times a second", "traces", model::traces(100.0)),
        ("a GB in the table", "table GB-months", 1.0),
        ("a GB in an index of the table", "table GB-months", 1.0),
        ("a GB of the table, kept for recovery", "recovery GB-months", 1.0),
        ("a GB of photos", "object GB-months", 1.0),
        ("a GB of photos shown", "distribution GB", 1.0),
        ("a million photos shown", "distribution requests", MILLION),
    ] {
        let dollars = prices.of(name, quantity)?;
        let _ = writeln!(table, "| {what} | {} | {dollars:.2} |", amount(quantity));
    }
    Ok(table)
}

fn assumptions(model: &Model) -> String {
    let mut table = heading("assumed", &["value"]);
    for (what, value) in [
        ("a trip to the table", format!("{} ms", model::TABLE_MS)),
        ("a message sent to a queue, or posted to a connection", format!("{} ms", model::SEND_MS)),
        ("an object read or written", format!("{} ms", model::OBJECT_MS)),
        ("a mail handed to the mail server", format!("{} ms", model::MAIL_MS)),
        ("between Lambda and the function", format!("{} ms", model::RUNTIME_MS)),
        ("a whole processor", format!("from {} MB on", model::WHOLE_CPU_MB)),
        ("the gateway's line in the log", format!("{} octets", model::ACCESS_LINE)),
        ("Lambda's lines in the log", format!("{} octets", model::PLATFORM_LINES)),
        ("what is left of logs once compressed", format!("{} %", model::COMPRESSED * 100.0)),
        ("an answer", format!("{} octets", model::ANSWER)),
        ("the OpenAPI document", format!("{} octets", model::OPENAPI)),
        ("a file of the API's documentation, of six", format!("{} octets", model::DOCS_FILE)),
        ("invocations that are traced, up to one a second of a function", "100 %".to_owned()),
        ("invocations that are traced beyond that", format!("{} %", model::TRACED_BEYOND * 100.0)),
        ("long polls at a queue at any time", format!("{} of {} s", model::POLLERS, model::POLL_SECONDS)),
        ("open connections of whoever is told", "1".to_owned()),
        ("a month", format!("{} hours", model::HOURS)),
    ] {
        let _ = writeln!(table, "| {what} | {value} |");
    }
    let unmeasured: Vec<_> = model.unmeasured().into_iter().collect();
    if !unmeasured.is_empty() {
        let _ = writeln!(
            table,
            "\nNot measured themselves, so with the CPU time of another function of their area (`create_session` with \
             that of `register_account`, which hashes a password too): {}.",
            unmeasured.join(", ")
        );
    }
    table
}

fn listed(prices: &Prices) -> String {
    let Prices { region, date, price_list, list } = prices;
    let mut table = format!("Looked up on {date}; the AWS Price List as <{price_list}> quotes it.\n\n");
    let columns = [format!("$ in {region}"), format!("in {REFERENCE}"), "for".into(), "free a month".into()];
    let _ = writeln!(table, "| what | {} | source |\n|---|--:|--:|--:|--:|---|", columns.join(" | "));
    for (name, price) in list {
        let (per, free) = (amount(price.per), amount(price.free));
        let usd = |region: &str| price.usd.get(region).map(ToString::to_string).unwrap_or_default();
        let (here, there) = (usd(region), usd(REFERENCE));
        let _ = writeln!(table, "| {name} | {here} | {there} | {per} | {free} | {} |", price.source);
    }
    table
}

/// A quantity with its thousands apart, or with three digits behind the point where it is small.
fn amount(quantity: f64) -> String {
    if quantity < 100.0 && quantity.fract() != 0.0 {
        return format!("{quantity:.3}");
    }
    let digits = format!("{quantity:.0}");
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_at_a_glance() {
        let cases =
            [(0.0, "0"), (0.25, "0.250"), (12.0, "12"), (1_234.5, "1,234"), (1_971_000.0, "1,971,000")];
        for (quantity, text) in cases {
            assert_eq!(amount(quantity), text);
        }
    }
}
