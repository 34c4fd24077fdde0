//! `GET /v1/me/export`: whoever is signed in gets all that is kept of them (decision 27).

mod audit;
mod market;
mod view;

use axum::extract::State;
use banister_platform::http::{Attachment, ClientAddress, Code, Problem, Query, SignedIn};
use banister_platform::limit::Limit;
use banister_platform::store::ExportPosition;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Accounts;
use view::ExportView;

pub(crate) const PROBLEMS: &[Code] = &[Code::InvalidCursor, Code::TooManyRequests];

const PER_USER: Limit = Limit { operation: "export_me", count: 10, seconds: 86_400 };
/// Pages after the first one. One of them has up to 1,200 items.
const PAGES: Limit = Limit { operation: "export_me_pages", count: 200, seconds: 3_600 };
/// How long after it was begun an export goes on.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(1);
/// With so many bytes an answer is large enough. What is read last adds to it: at most a page of the table,
/// 1 MB, with the histories and reviews of 30 bookings, 1.5 MB. Lambda takes 6 MB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const ENOUGH: usize = 512 * 1024;
/// How many pages of lists are read for an answer.
const READS: usize = 12;

/// Which part of it.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// `next_cursor` of the answer before, for an hour.
    cursor: Option<String>,
}

/// Where an export goes on.
#[derive(Serialize, Deserialize)]
struct Going {
    begun_at: Timestamp,
    position: ExportPosition,
}

/// Export all that is kept of the own person
///
/// A file. What does not fit into one answer is in the next ones: ask with `next_cursor` until that is `null`,
/// and put each list together; what is no list is in the first answer. Ten exports a day, each leaves a line
/// in the audit log. Nothing in it opens anything: no passwords, codes, tokens or their hashes.
#[utoipa::path(get, path = "/v1/me/export", params(ExportQuery),
    responses((status = 200, description = "What is kept, or the next part of it", body = ExportView,
        headers(("content-disposition" = String, description = "The name of the file")))))]
pub(crate) async fn export_me(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    address: ClientAddress,
    Query(query): Query<ExportQuery>,
) -> Result<Attachment<ExportView>, Problem> {
    let (now, user, scope) = (accounts.clock.now(), caller.user_id, ("export_me", caller.user_id));
    let (begun_at, mut next, mut view);
    if let Some(cursor) = query.cursor {
        let going: Going = accounts.cursors.read(&cursor, &scope)?;
        if now.duration_since(going.begun_at) > GOOD_FOR {
            return Err(Problem::new(Code::InvalidCursor));
        }
        PAGES.count(&accounts.table, &user.to_string(), now).await?;
        (begun_at, next) = (going.begun_at, Some(going.position));
        view = ExportView::new(user, begun_at);
    } else {
        PER_USER.count(&accounts.table, &user.to_string(), now).await?;
        accounts.exports.begin(user, address.subject(), now).await?;
        let belongings = accounts.exports.belongings(user, caller.role).await?;
        (begun_at, next) = (now, Some(ExportPosition::first()));
        view = ExportView::new(user, begun_at).with(
            belongings.ok_or(Problem::new(Code::Unauthenticated))?,
            &accounts.viewer,
            now,
        );
    }
    let mut size = 0;
    for _ in 0..READS {
        if size >= ENOUGH {
            break;
        }
        let Some(position) = next.take() else { break };
        let (page, unreadable, rest) = accounts.exports.page(user, position).await?;
        size += view.add(page, unreadable, &caller, now);
        next = rest;
    }
    let going = next.map(|position| Going { begun_at, position });
    view.next_cursor = going.and_then(|going| accounts.cursors.write(&going, &scope));
    let name = format!("banister-export-{}.json", begun_at.to_zoned(TimeZone::UTC).date());
    Ok(Attachment { name, body: view })
}
