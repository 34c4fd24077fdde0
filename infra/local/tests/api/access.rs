//! Who may do what: every operation as every caller, expected from the operation's own access.
//!
//! `access.txt` is the outcome as a table, so that a change of access shows in a diff.

mod callers;
pub(crate) mod requests;
mod tokens;

use banister_domain::access::{Permission, Permissions};
use banister_domain::account::Role;
use banister_local::api;
use banister_local::client::Client;
use banister_platform::http::{Code, Operation};

use crate::documents::{document, schema};
use crate::problems::refused;
use callers::{Caller, Token, callers};
use requests::{OWN, World};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/access.txt");

/// What ends the caller's session, in the order in which it is called.
const ENDS: [&str; 5] =
    ["change_password", "end_current_session", "end_all_sessions", "confirm_email_change", "delete_me"];

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Done.
    Done,
    /// 401.
    Unauthenticated,
    /// 403 for the role.
    Forbidden,
    /// 403 until the address is confirmed.
    Unconfirmed,
    /// 404: not for the caller to know.
    Hidden,
}

/// What must become of it, by the operation's access alone.
fn expected(operation: &Operation, token: Token) -> Outcome {
    let access = operation.access;
    // Whoever need not sign in is only refused for a bad token where a token is looked at.
    let looks = operation.codes.contains(&Code::Unauthenticated);
    // What is staff's business belongs to none of them.
    let for_staff = access.roles.iter().all(|role| role.is_staff());
    let owned = !access.anonymous && !for_staff && operation.path.contains('{');
    let lacks =
        |role: Role, granted: Permissions| access.permission.is_some_and(|needed| !role.may(granted, needed));
    // Whose role is set here is support; no permission makes an equal act on an equal.
    let below = |role: Role| operation.id == "set_user_role" && !role.is_above(Role::Management);
    match token {
        Token::Missing if access.anonymous => Outcome::Done,
        Token::Bad if access.anonymous && !looks => Outcome::Done,
        Token::Missing | Token::Bad => Outcome::Unauthenticated,
        Token::Good { role, .. } if !access.roles.contains(&role) => Outcome::Forbidden,
        Token::Good { role, permissions, .. } if lacks(role, permissions) => Outcome::Forbidden,
        Token::Good { role, .. } if below(role) => Outcome::Forbidden,
        Token::Good { confirmed: false, .. } if access.confirmed_email => Outcome::Unconfirmed,
        Token::Good { owner: false, .. } if owned => Outcome::Hidden,
        Token::Good { .. } => Outcome::Done,
    }
}

impl Outcome {
    const fn shown(self) -> &'static str {
        match self {
            Self::Done => "yes",
            Self::Unauthenticated => "401",
            Self::Forbidden | Self::Unconfirmed => "403",
            Self::Hidden => "404",
        }
    }
}

#[tokio::test]
async fn every_operation_as_every_caller() {
    let mut world = World::new().await;
    let mut callers = callers(&world).await;
    let mut operations = api::operations();
    assert!(!operations.is_empty());
    // What ends the caller's session comes last.
    let ends = |operation: &Operation| ENDS.iter().position(|id| operation.id == *id);
    operations.sort_by_key(ends);
    let mut rows = Vec::new();
    for operation in &operations {
        if ends(operation) > Some(0) {
            for caller in &mut callers {
                caller.sign_in_again(&world.cloud).await;
            }
        }
        let mut request = world.request(operation).await;
        let (mut row, mut shown) = (Vec::new(), false);
        for caller in &callers {
            let wanted = expected(operation, caller.token);
            row.push(wanted.shown());
            // Where no token is looked at, one bad one shows it.
            let unlooked = wanted == Outcome::Done && matches!(caller.token, Token::Bad);
            if unlooked && std::mem::replace(&mut shown, true) {
                continue;
            }
            let answer = request.send(caller.client_for(operation), operation).await;
            check(operation, caller, wanted, &answer);
            if answer.status.is_success() {
                request = world.request(operation).await;
            }
        }
        rows.push((operation, row));
    }
    compare(&callers, &rows);
}

/// Each permission opens the operations that need it, and no other.
#[tokio::test]
async fn every_permission_opens_its_own_operations() {
    let mut world = World::new().await;
    let needing: Vec<_> =
        api::operations().into_iter().filter(|operation| operation.access.permission.is_some()).collect();
    for (number, permission) in Permission::ALL.into_iter().enumerate() {
        let name = format!("Staff{number} {}", permission.as_str());
        let granted = [permission].into_iter().collect();
        let client = Client::staff(&world.cloud, Role::Admin, granted, &name).await.unwrap();
        for operation in &needing {
            let answer = world.request(operation).await.send(&client, operation).await;
            let (id, granted) = (&operation.id, permission.as_str());
            let who = format!("{id} with {granted}: {} {}", answer.status, answer.body);
            if operation.access.permission == Some(permission) {
                assert!(answer.status.is_success(), "{who}");
            } else {
                refused_as(&answer, 403, "forbidden", &who);
            }
        }
    }
}

fn check(operation: &Operation, caller: &Caller, wanted: Outcome, answer: &banister_local::client::Answer) {
    let who = format!("{} as {}: {} {}", operation.id, caller.name, answer.status, answer.body);
    match wanted {
        // A code of nobody's: whoever gets as far as it is told about the second factor, not about access.
        Outcome::Done if OWN.contains(&operation.id.as_str()) && !answer.status.is_success() => {
            let told = [
                (409, "second_factor_on"),
                (409, "second_factor_off"),
                (403, "second_factor_required_by_role"),
                (422, "invalid_code"),
            ];
            assert!(told.contains(&(answer.status.as_u16(), answer.code())), "{who}");
        }
        Outcome::Done => {
            assert!(answer.status.is_success(), "{who}");
            let path =
                format!("/paths/{}/{}", operation.path.replace('/', "~1"), operation.method.to_lowercase());
            let document = document();
            let described = document.pointer(&path).expect("the operation is described");
            let described = &described["responses"][answer.status.as_str()];
            assert!(!described.is_null(), "not described: {who}");
            let schema = &described["content"]["application/json"]["schema"];
            assert_eq!(schema::faults(document, schema, &answer.body), Vec::<String>::new(), "{who}");
        }
        Outcome::Unauthenticated => refused_as(answer, 401, "unauthenticated", &who),
        Outcome::Forbidden => refused_as(answer, 403, "forbidden", &who),
        Outcome::Unconfirmed => refused_as(answer, 403, "email_not_confirmed", &who),
        Outcome::Hidden => refused_as(answer, 404, "not_found", &who),
    }
    if !answer.status.is_success() {
        let known = operation.codes.iter().any(|code| code.as_str() == answer.code());
        assert!(known, "not described: {who}");
    }
}

fn refused_as(answer: &banister_local::client::Answer, status: u16, code: &str, who: &str) {
    assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{who}");
    refused(answer, status, code);
}

/// Compares the table with the committed one; `BLESS=1` writes it anew.
fn compare(callers: &[Caller], rows: &[(&Operation, Vec<&str>)]) {
    // What is wrong with a token makes no difference: one column for all of them.
    let is_bad = |number: usize| matches!(callers[number].token, Token::Bad);
    let bad = (0..callers.len()).find(|number| is_bad(*number)).expect("a bad token");
    let columns: Vec<_> = (0..callers.len()).filter(|number| !is_bad(*number)).chain([bad]).collect();
    let name = |number: &usize| if *number == bad { "bad token" } else { callers[*number].name };
    let head: Vec<_> =
        ["operation", "call"].into_iter().chain(columns.iter().map(name)).map(String::from).collect();
    let mut lines: Vec<_> = rows
        .iter()
        .map(|(operation, row)| {
            let call = format!("{} {}", operation.method, operation.path);
            let cells = columns.iter().map(|number| row[*number].to_owned());
            [operation.id.clone(), call].into_iter().chain(cells).collect::<Vec<_>>()
        })
        .collect();
    lines.sort();
    lines.insert(0, head);
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: Vec<_> = (0..lines[0].len()).map(width).collect();
    let shown = lines.iter().map(|line| {
        let cells: Vec<_> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    });
    let table: String = shown.collect();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(TABLE, &table).expect("the table is written");
    }
    let committed = std::fs::read_to_string(TABLE).unwrap_or_default();
    assert!(
        table == committed,
        "access has changed:\n{table}\nIf that is meant: BLESS=1 cargo test -p banister-local --test api access"
    );
}
