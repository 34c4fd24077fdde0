//! `GET /v1/me/dashboard`: what is next and what waits, for whoever is signed in.

use axum::extract::State;
use banister_domain::account::Role;
use banister_platform::http::{Code, OkJson, Problem, SignedIn};

use crate::Bookings;
use crate::dashboard::DashboardView;

pub(crate) const PROBLEMS: &[Code] = &[];

/// Read the own dashboard
///
/// For customers and providers: their next bookings, the requests that wait for an answer, what of the account is to be
/// confirmed, and all their bookings counted; for providers also today, and their services. For staff: what their
/// permissions let them act on, and how the marketplace does. Counts follow by seconds; a request whose deadline has
/// passed counts as requested until the schedule, every minute, has written that it expired.
#[utoipa::path(get, path = "/v1/me/dashboard",
    responses((status = 200, description = "The dashboard", body = DashboardView)))]
pub(crate) async fn get_dashboard(
    State(bookings): State<Bookings>,
    caller: SignedIn,
) -> Result<OkJson<DashboardView>, Problem> {
    let (user, now) = (caller.user_id, bookings.clock.now());
    let mut view = DashboardView { role: caller.role, customer: None, provider: None, staff: None };
    match caller.role {
        Role::Customer => view.customer = Some(Box::pin(bookings.of_customer(user, now)).await?),
        Role::Provider => view.provider = Some(Box::pin(bookings.of_provider(user, now)).await?),
        role => view.staff = Some(Box::pin(bookings.of_staff((role, caller.permissions), now)).await?),
    }
    Ok(OkJson(view))
}
