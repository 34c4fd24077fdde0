//! `GET /v1/series/{id}`: either side reads a series with where its bookings stand.

use axum::extract::State;
use banister_domain::id::SeriesId;
use banister_platform::http::{Code, OkJson, Party, Path, Problem};

use crate::Bookings;
use crate::series::{SeriesView, side_of};

pub(crate) const PROBLEMS: &[Code] = &[Code::NotFound];

/// Read a series
#[utoipa::path(get, path = "/v1/series/{id}", params(("id" = SeriesId, Path, description = "The series")),
    responses((status = 200, description = "The series", body = SeriesView)))]
pub(crate) async fn get_series(
    State(bookings): State<Bookings>,
    caller: Party,
    Path(id): Path<SeriesId>,
) -> Result<OkJson<SeriesView>, Problem> {
    let found = bookings.series.get(id).await?.map(|found| found.value);
    let series = found.filter(|series| side_of(series, caller.user_id).is_some());
    let series = series.ok_or(Problem::new(Code::NotFound))?;
    Ok(OkJson(bookings.show(&series, bookings.clock.now()).await?))
}
