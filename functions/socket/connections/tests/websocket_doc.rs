//! `docs/websocket.md` lists every code of a refused frame, and no other.

use banister_socket_connections::FrameCode;

const DOCUMENT: &str = include_str!("../../../../docs/websocket.md");

#[test]
fn lists_every_code_of_a_frame() {
    let (_, table) = DOCUMENT.split_once("| code | what it means |\n|---|---|\n").expect("the table");
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let listed: Vec<_> = rows.filter_map(|line| line.split('`').nth(1)).collect();
    assert_eq!(listed, FrameCode::ALL.map(FrameCode::as_str));
}
