//! `PATCH /v1/services/{id}`: a provider changes an own service.

use axum::extract::State;
use banister_domain::account::{Language, Languages};
use banister_domain::availability::{DurationMinutes, Seats, ServiceRules};
use banister_domain::booking::Terms;
use banister_domain::id::{ResourceId, ServiceId};
use banister_domain::money::Price;
use banister_domain::place::Point;
use banister_domain::resource::ResourceIds;
use banister_domain::service::{
    Category, DurationOption, Durations, Extra, Extras, LocationKind, Service, ServiceStatus,
};
use banister_domain::text::{Description, Title};
use banister_platform::http::{
    Change, Code, Fingerprinted, Json, OptionalSeen, Path, Problem, Provider, present,
};
use serde::Deserialize;

use crate::Catalog;
use crate::offer::refusal;
use crate::rules_patch::UpdateServiceRules;
use crate::terms_patch::UpdateTerms;
use crate::view::ServiceView;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::NotFound, Code::ServiceArchived, Code::Stale];

/// What changes; a field that is absent stays (JSON Merge Patch, RFC 7396).
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "Deep tissue massage",
    "price": { "amount": 7000, "currency": "eur" },
}))]
pub(crate) struct UpdateService {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Title>)]
    title: Option<Title>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Description>)]
    description: Option<Description>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Category>)]
    category: Option<Category>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Price>)]
    price: Option<Price>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<DurationMinutes>)]
    duration_minutes: Option<DurationMinutes>,
    /// How long it can take instead, and for how much, as a whole: at most ten; `null` where nothing else.
    #[serde(default)]
    #[schema(value_type = Option<Vec<DurationOption>>, max_items = 10)]
    durations: Change<Durations>,
    /// What customers can have with it, as a whole: at most twenty; `null` where nothing.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Extra>>, max_items = 20)]
    extras: Change<Extras>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<LocationKind>)]
    location_kind: Option<LocationKind>,
    /// Where it takes place, or where you come from, as a whole; `null` where that is not told.
    #[serde(default)]
    #[schema(value_type = Option<Point>)]
    place: Change<Point>,
    /// Spoken with its customers, as a whole; `null` is those of your profile.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Language>>, max_items = 10)]
    languages: Change<Languages>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Seats>)]
    seats: Option<Seats>,
    /// The rooms and things that each booking takes from now on, as a whole: at most three; `null` where none.
    #[serde(default)]
    #[schema(value_type = Option<Vec<ResourceId>>, max_items = 3)]
    resource_ids: Change<ResourceIds>,
    /// Where it is to differ from the own calendar; `null` where nowhere.
    #[serde(default)]
    #[schema(value_type = Option<UpdateServiceRules>)]
    calendar: Change<UpdateServiceRules>,
    /// What is to be agreed with each booking from now on; `null` is what is usual.
    #[serde(default)]
    #[schema(value_type = Option<UpdateTerms>)]
    terms: Change<UpdateTerms>,
}

/// Change a service
///
/// Bookings made before keep what was agreed. With `If-Match`, nothing changes unless the service is what was read with
/// that `ETag`.
#[utoipa::path(patch, path = "/v1/services/{id}", params(("id" = ServiceId, Path, description = "The service"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read")),
    request_body(content((UpdateService = "application/json"), (UpdateService = "application/merge-patch+json"))),
    responses((status = 200, description = "The service after the change", body = ServiceView)))]
pub(crate) async fn update_service(
    State(catalog): State<Catalog>,
    caller: Provider,
    Path(id): Path<ServiceId>,
    seen: OptionalSeen,
    Json(ask): Json<UpdateService>,
) -> Result<Fingerprinted<ServiceView>, Problem> {
    if let Change::Set(resources) = &ask.resource_ids {
        catalog.check_resources(caller.user_id, resources).await?;
    }
    let change = |service: Service| {
        seen.check(&ServiceView::from(service.clone()))?;
        if service.status == ServiceStatus::Archived {
            return Err(Problem::new(Code::ServiceArchived));
        }
        let ask = ask.clone();
        let changed = Service {
            title: ask.title.unwrap_or(service.title),
            description: ask.description.unwrap_or(service.description),
            category: ask.category.unwrap_or(service.category),
            price: ask.price.unwrap_or(service.price),
            duration_minutes: ask.duration_minutes.unwrap_or(service.duration_minutes),
            durations: ask.durations.of(Some(service.durations)).unwrap_or_default(),
            extras: ask.extras.of(Some(service.extras)).unwrap_or_default(),
            location_kind: ask.location_kind.unwrap_or(service.location_kind),
            place: ask.place.of(service.place),
            languages: ask.languages.of(Some(service.languages)).unwrap_or_default(),
            seats: ask.seats.unwrap_or(service.seats),
            resource_ids: ask.resource_ids.of(Some(service.resource_ids)).unwrap_or_default(),
            calendar: match ask.calendar {
                Change::Keep => service.calendar,
                Change::Clear => ServiceRules::default(),
                Change::Set(change) => change.merged(service.calendar),
            },
            terms: match ask.terms {
                Change::Keep => service.terms,
                Change::Clear => Terms::default(),
                Change::Set(change) => change.merged(service.terms),
            },
            ..service
        };
        changed.check_offer().map_err(refusal)?;
        Ok(changed)
    };
    Ok(Fingerprinted::from(ServiceView::from(catalog.change(caller.user_id, id, change).await?)))
}
