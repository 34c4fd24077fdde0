//! A part's figures: printed, compared with the committed baseline, and kept as the new one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use banister_checks::files::root;
use serde::{Deserialize, Serialize};

use crate::BenchError;
use crate::machine::Machine;

/// When a figure is worse than its baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Worse {
    /// Above it by more than this part of it.
    Above(f64),
    /// Below it by more than this part of it.
    Below(f64),
    /// Never: it is told and not compared.
    Never,
}

/// One kind of figure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// Its name in the baseline.
    pub(crate) key: &'static str,
    /// Its name in tables, with the unit.
    pub(crate) title: &'static str,
    /// Digits behind the point in tables.
    pub(crate) decimals: usize,
    /// Its tolerance.
    pub(crate) worse: Worse,
    /// What it should not exceed.
    pub(crate) budget: Option<f64>,
    /// Whether it is a fault to be over the budget, whatever the baseline has.
    pub(crate) held: bool,
}

impl Column {
    /// A figure without a budget.
    pub(crate) const fn new(key: &'static str, title: &'static str, decimals: usize, worse: Worse) -> Self {
        Self { key, title, decimals, worse, budget: None, held: false }
    }

    /// With a budget.
    pub(crate) const fn budget(self, most: f64) -> Self {
        Self { budget: Some(most), ..self }
    }

    /// With a budget that must not be exceeded.
    pub(crate) const fn limit(self, most: f64) -> Self {
        Self { held: true, ..self.budget(most) }
    }
}

/// Figures of one thing, by the key of their column.
pub(crate) type Figures = BTreeMap<String, f64>;

/// The figures of a part of the bench.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Where they were measured.
    pub(crate) machine: Machine,
    /// By the name of what was measured.
    pub(crate) rows: BTreeMap<String, Figures>,
}

/// A part of the bench that measures.
#[derive(Debug)]
pub(crate) struct Part {
    /// Its name, and the name of its baseline's file.
    pub(crate) name: &'static str,
    /// What its rows are.
    pub(crate) of: &'static str,
    /// Its figures.
    pub(crate) columns: &'static [Column],
}

impl Part {
    fn file(&self) -> std::path::PathBuf {
        root().join("infra/bench/baselines").join(format!("{}.json", self.name))
    }

    /// The committed baseline; none before the first one.
    pub(crate) fn baseline(&self) -> Result<Option<Report>, BenchError> {
        match std::fs::read(self.file()) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a report the baseline.
    pub(crate) fn bless(&self, report: &Report) -> Result<(), BenchError> {
        let text = format!("{}\n", serde_json::to_string_pretty(report)?);
        Ok(std::fs::write(self.file(), text)?)
    }

    /// The figures as a Markdown table; those over their budget are bold.
    pub(crate) fn table(&self, report: &Report) -> String {
        let titles: Vec<_> = self.columns.iter().map(|column| column.title).collect();
        let (columns, rule) = (titles.join(" | "), "--:|".repeat(titles.len()));
        let mut table = format!("| {} | {columns} |\n|---|{rule}\n", self.of);
        for (name, figures) in &report.rows {
            let cells: Vec<_> = self.columns.iter().map(|column| column.cell(figures)).collect();
            // Writing to a string does not fail.
            let _ = writeln!(table, "| {name} | {} |", cells.join(" | "));
        }
        table
    }

    /// What is worse than the baseline by more than its tolerance, and what is in only one of both.
    pub(crate) fn faults(&self, report: &Report, baseline: &Report) -> Vec<String> {
        let mut faults = Vec::new();
        for name in baseline.rows.keys().filter(|name| !report.rows.contains_key(*name)) {
            faults.push(format!("{name}: in the baseline, and was not measured"));
        }
        for (name, figures) in &report.rows {
            let Some(before) = baseline.rows.get(name) else {
                faults.push(format!("{name}: has no baseline; make one with --bless"));
                continue;
            };
            faults.extend(self.columns.iter().filter_map(|column| {
                let (now, before) = (figures.get(column.key)?, before.get(column.key)?);
                column.is_worse(*now, *before).then(|| {
                    let digits = column.decimals;
                    format!("{name}: {} is {now:.digits$}, the baseline {before:.digits$}", column.title)
                })
            }));
        }
        faults
    }

    /// What is over its budget.
    pub(crate) fn over_budget(&self, report: &Report) -> Vec<String> {
        self.over(report, |_| true)
    }

    /// What is over a budget that must not be exceeded.
    pub(crate) fn over_limit(&self, report: &Report) -> Vec<String> {
        self.over(report, |column| column.held)
    }

    fn over(&self, report: &Report, counts: impl Fn(&Column) -> bool) -> Vec<String> {
        let columns: Vec<_> = self.columns.iter().filter(|column| counts(column)).collect();
        let mut over = Vec::new();
        for (name, figures) in &report.rows {
            let found = columns.iter().filter(|column| column.is_over(figures));
            over.extend(found.map(|column| {
                format!("{name}: {} {}", column.title, column.cell(figures).trim_matches('*'))
            }));
        }
        over
    }
}

impl Column {
    fn is_worse(&self, now: f64, before: f64) -> bool {
        match self.worse {
            Worse::Above(part) => now > before * (1.0 + part),
            Worse::Below(part) => now < before * (1.0 - part),
            Worse::Never => false,
        }
    }

    fn is_over(&self, figures: &Figures) -> bool {
        let figure = figures.get(self.key);
        figure.zip(self.budget).is_some_and(|(figure, budget)| *figure > budget)
    }

    fn cell(&self, figures: &Figures) -> String {
        let Some(figure) = figures.get(self.key) else { return String::new() };
        let text = format!("{figure:.*}", self.decimals);
        if self.is_over(figures) { format!("**{text}**") } else { text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: Part = Part {
        name: "test",
        of: "what",
        columns: &[
            Column::new("cost", "cost ms", 1, Worse::Above(0.3)).budget(4.0),
            Column::new("rate", "a second", 0, Worse::Below(0.5)),
            Column::new("most", "most", 0, Worse::Never).limit(20.0),
        ],
    };

    fn report(cost: f64, rate: f64, most: f64) -> Report {
        let figures = [("cost", cost), ("rate", rate), ("most", most)];
        let figures = figures.map(|(key, figure)| (key.to_owned(), figure)).into();
        let machine = Machine { cores: 2, model: "a processor".into() };
        Report { machine, rows: [("thing".to_owned(), figures)].into() }
    }

    #[test]
    fn only_what_is_beyond_its_tolerance_is_a_fault() {
        let before = report(1.0, 100.0, 1.0);
        assert_eq!(PART.faults(&report(1.29, 51.0, 9.0), &before), [""; 0]);
        assert_eq!(PART.faults(&report(0.1, 1_000.0, 9.0), &before), [""; 0]);
        let faults = PART.faults(&report(1.31, 49.0, 9.0), &before);
        let worse = ["thing: cost ms is 1.3, the baseline 1.0", "thing: a second is 49, the baseline 100"];
        assert_eq!(faults, worse);
    }

    #[test]
    fn what_only_one_side_has_is_a_fault() {
        let mut other = report(1.0, 100.0, 1.0);
        let figures = other.rows.remove("thing").expect("a row");
        other.rows.insert("another".into(), figures);
        assert_eq!(PART.faults(&report(1.0, 100.0, 1.0), &other).len(), 2);
    }

    #[test]
    fn what_is_over_budget_is_bold_and_told() {
        let report = report(4.2, 100.0, 1.0);
        assert!(PART.table(&report).ends_with("| thing | **4.2** | 100 | 1 |\n"), "{}", PART.table(&report));
        assert_eq!(PART.over_budget(&report), ["thing: cost ms 4.2"]);
        assert_eq!(PART.over_limit(&report), [""; 0], "a budget is no limit");
    }

    #[test]
    fn what_is_over_a_limit_is_told_whatever_the_baseline_has() {
        let over = report(1.0, 100.0, 20.6);
        assert_eq!(PART.faults(&over, &over), [""; 0]);
        assert_eq!(PART.over_limit(&over), ["thing: most 21"]);
        assert_eq!(PART.over_limit(&report(1.0, 100.0, 20.0)), [""; 0]);
    }
}
