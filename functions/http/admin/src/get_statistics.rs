//! `GET /v1/admin/statistics`: staff see how the marketplace does.

use axum::extract::State;
use banister_domain::statistics::{Counts, Group, Period, periods};
use banister_platform::http::{Code, OkJson, Problem, Query, Staff, needs, optional_date};
use banister_platform::view::CountsView;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::Admin;

pub(crate) const PROBLEMS: &[Code] = &[Code::InvalidInput];

/// Which days, and in what spans.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatisticsQuery {
    /// First day (UTC); 29 days before the last one if not given.
    #[serde(default, deserialize_with = "optional_date")]
    #[param(value_type = Option<String>, format = Date, example = "2026-03-01")]
    from: Option<Date>,
    /// Last day (UTC), included; today if not given. At most 366 days in all.
    #[serde(default, deserialize_with = "optional_date")]
    #[param(value_type = Option<String>, format = Date, example = "2026-03-31")]
    to: Option<Date>,
    /// How long each span is: `day` (if not given), `week` from Monday to Sunday, or `month`. The first and the
    /// last are cut to the days asked for.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "week")]
    group: Group,
}

/// What there is, counted.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "totals": { "users": { "customer": { "active": 120, "disabled": 1, "erasing": 0, "erased": 2 } }, "services": { "published": 40 },
        "bookings": { "confirmed": 61 }, "booked": [{ "amount": 1_262_500, "currency": "usd" }] },
    "periods": [{ "from": "2026-03-02", "to": "2026-03-08",
        "users": { "customer": { "active": 7, "disabled": 0, "erasing": 0, "erased": 0 } }, "services": { "published": 2 },
        "bookings": { "confirmed": 9 }, "booked": [{ "amount": 112_500, "currency": "usd" }] }],
}))]
pub(crate) struct StatisticsView {
    /// All that was ever made, as it stands now.
    totals: CountsView,
    /// What was made in each span, as it stands now.
    periods: Vec<PeriodView>,
}

/// What was made in a span of days (UTC), as it stands now.
#[derive(Serialize, utoipa::ToSchema)]
struct PeriodView {
    /// First day.
    #[schema(value_type = String, format = Date, example = "2026-03-02")]
    from: Date,
    /// Last day, included.
    #[schema(value_type = String, format = Date, example = "2026-03-08")]
    to: Date,
    #[serde(flatten)]
    counts: CountsView,
}

/// See how the marketplace does
///
/// Accounts, services and bookings by the day (UTC) on which they were made and by what they are now, and
/// what was booked: the prices of bookings that are agreed or took place and what is kept of others, for revenue is what is paid. Counters follow the
/// marketplace by some seconds. A request that nobody answered counts as `requested` until a minute after its
/// deadline.
#[utoipa::path(get, path = "/v1/admin/statistics", params(StatisticsQuery),
    responses((status = 200, description = "The counters", body = StatisticsView)))]
pub(crate) async fn get_statistics(
    State(admin): State<Admin>,
    _caller: Staff<needs::FinancialReports>,
    Query(query): Query<StatisticsQuery>,
) -> Result<OkJson<StatisticsView>, Problem> {
    let today = admin.clock.now().to_zoned(TimeZone::UTC).date();
    let to = query.to.unwrap_or(today);
    let from = query.from.unwrap_or_else(|| to.saturating_sub(29.days()));
    let spans = periods(from, to, query.group)
        .map_err(|error| Problem::invalid_parameter("from", error.to_string()))?;
    let told = admin.statistics.tell(from, to).await?;
    let period = |Period { from, to }| {
        let mut counts = Counts::default();
        told.days.range(from..=to).for_each(|(_, day)| counts.add_all(day));
        PeriodView { from, to, counts: CountsView::new(&counts) }
    };
    let periods = spans.into_iter().map(period).collect();
    Ok(OkJson(StatisticsView { totals: CountsView::new(&told.totals), periods }))
}
