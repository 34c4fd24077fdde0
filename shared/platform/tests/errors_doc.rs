//! `docs/errors.md` lists every code as it is, and no other.

use banister_platform::http::Code;

const DOCUMENT: &str = include_str!("../../../docs/errors.md");

/// The cells of the table's rows, without its head.
fn rows() -> Vec<Vec<&'static str>> {
    let lines = DOCUMENT.lines().filter(|line| line.starts_with("| `"));
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn lists_every_code_with_its_status_and_title() {
    let listed: Vec<_> = rows().iter().map(|cells| cells[..3].join(" | ")).collect();
    let known: Vec<_> = Code::ALL
        .iter()
        .map(|code| format!("`{}` | {} | {}", code.as_str(), code.status().as_u16(), code.title()))
        .collect();
    assert_eq!(listed, known);
}

#[test]
fn says_what_each_code_means_and_what_to_do() {
    for cells in rows() {
        assert_eq!(cells.len(), 5, "{cells:?}");
        assert!(cells[3..].iter().all(|cell| cell.ends_with('.')), "{cells:?}");
    }
}
