//! The tables of docs/costs.md.

use std::fmt::Write as _;

use super::model::{self, Effect, Model};
use super::prices::{Bill, Prices};
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
    for operation in model.capacities.keys() {
        let (cells, request) = cells(&model.request(operation), prices)?;
        let kept = cells.iter().zip(GROUPS).filter(|(_, group)| !["queues", "objects"].contains(&group.0));
        let kept: Vec<_> = kept.map(|(cell, _)| cell.as_str()).collect();
        let effect = model::effect(operation).map(|effect| prices.total(&model.effect(effect)));
        let effect = effect.transpose()?.map(|dollars| dollars * MILLION);
        let shown = effect.map_or_else(String::new, |dollars| format!("{dollars:.2}"));
        let all = request + effect.unwrap_or(0.0);
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
        ("all that follows a change of a booking", model.effect(Effect::MailAndPush)),
        ("photo, from its upload on", model.photo()),
        ("connection opened", model.invocation("connect", 0.0)),
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
    let mut table = "| cause | what | how much | $ a month |\n|---|---|--:|--:|\n".to_owned();
    let mut month = Bill::default();
    for (cause, bill) in model.idle() {
        for (name, quantity) in bill.0.iter().filter(|(_, quantity)| **quantity > 0.0) {
            let dollars = prices.of(name, *quantity)?;
            let amount = amount(*quantity);
            let _ = writeln!(table, "| {cause} | {name} | {amount} | {dollars:.2} |");
        }
        month = month.and_all(&bill, 1.0);
    }
    let all = prices.total(&month)?;
    let beyond: Result<f64, _> =
        month.0.iter().map(|(name, quantity)| prices.beyond_free(name, *quantity)).sum();
    let _ = writeln!(table, "| **all** | | | **{all:.2}** |");
    let _ = writeln!(
        table,
        "| all, where the account uses its free allowances for nothing else | | | {:.2} |",
        beyond?
    );
    Ok(table)
}

fn traffic(model: &Model, prices: &Prices) -> Result<String, BenchError> {
    let mut table = heading("what", &["how much", "$ a month"]);
    let own = model::OWN_METRICS * f64::from(u16::try_from(model.stack.functions.len()).unwrap_or(u16::MAX));
    for (what, name, quantity) in [
        ("detailed metrics of the gateways' routes", "custom metrics", f64::from(model.stack.route_metrics)),
        ("metrics of the functions' own lines, at most", "custom metrics", own),
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
        ("a page or file of the API's documentation", format!("{} octets", model::DOCS_ANSWER)),
        ("invocations that are traced", format!("{} %", model::TRACED * 100.0)),
        ("long polls at a queue at any time", format!("{} of {} s", model::POLLERS, model::POLL_SECONDS)),
        ("requests for the table's key", format!("{} an hour and function", model::KEY_REQUESTS)),
        ("open connections of whoever is told", "1".to_owned()),
        ("a month", format!("{} hours", model::HOURS)),
    ] {
        let _ = writeln!(table, "| {what} | {value} |");
    }
    let unmeasured: Vec<_> = model.unmeasured().into_iter().collect();
    if !unmeasured.is_empty() {
        let _ = writeln!(
            table,
            "\nNot measured, so taken for 1 ms of CPU, and workers for no units of the table: {}.",
            unmeasured.join(", ")
        );
    }
    table
}

fn listed(prices: &Prices) -> String {
    let mut table = format!("{}, {}.\n\n", prices.region, prices.date);
    table.push_str("| what | $ | for | free a month | source |\n|---|--:|--:|--:|---|\n");
    for (name, price) in &prices.list {
        let (per, free) = (amount(price.per), amount(price.free));
        let _ = writeln!(table, "| {name} | {} | {per} | {free} | {} |", price.usd, price.source);
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
