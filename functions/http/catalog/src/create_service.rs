//! `POST /v1/services`: a provider drafts a service.

use axum::extract::State;
use banister_domain::account::{Language, Languages};
use banister_domain::availability::{DurationMinutes, Seats, ServiceRules};
use banister_domain::booking::Terms;
use banister_domain::id::ResourceId;
use banister_domain::money::Price;
use banister_domain::place::Point;
use banister_domain::resource::ResourceIds;
use banister_domain::service::{
    Category, DurationOption, Durations, Extra, Extras, LocationKind, Service, ServiceStatus,
};
use banister_domain::text::{Description, Title};
use banister_platform::http::{Code, Created, Json, OptionalIdempotencyKey, Problem, Provider, Replayable};
use banister_platform::random;
use banister_platform::store::{Once, SaveError};
use banister_platform::table::CommitError;
use serde::{Deserialize, Serialize};

use crate::Catalog;
use crate::offer::refusal;
use crate::view::ServiceView;

pub(crate) const PROBLEMS: &[Code] = &[Code::Busy, Code::IdempotencyKeyReused, Code::InvalidIdempotencyKey];

/// A new service.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "Deep tissue massage",
    "description": "One hour, oil included.",
    "category": "massage",
    "price": { "amount": 6500, "currency": "eur" },
    "duration_minutes": 60,
    "location_kind": "at_customer",
}))]
pub(crate) struct CreateService {
    title: Title,
    description: Description,
    category: Category,
    price: Price,
    duration_minutes: DurationMinutes,
    /// How long it can take instead, and for how much: at most ten.
    #[serde(default, skip_serializing_if = "Durations::is_empty")]
    #[schema(value_type = Vec<DurationOption>, max_items = 10)]
    durations: Durations,
    /// What customers can have with it: at most twenty.
    #[serde(default, skip_serializing_if = "Extras::is_empty")]
    #[schema(value_type = Vec<Extra>, max_items = 20)]
    extras: Extras,
    location_kind: LocationKind,
    /// Where it takes place, or where you come from, by which it is found: not for what is online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Point>)]
    place: Option<Point>,
    /// Spoken with its customers; those of your profile if not given.
    #[serde(default, skip_serializing_if = "Languages::is_empty")]
    #[schema(value_type = Vec<Language>, max_items = 10)]
    languages: Languages,
    /// How many customers one time is for; 1 if not given.
    #[serde(default = "Seats::one", skip_serializing_if = "Seats::is_one")]
    #[schema(default = 1)]
    seats: Seats,
    /// The rooms and things that each booking takes beside the own time, of those that `GET /v1/me/resources` lists: at
    /// most three.
    #[serde(default, skip_serializing_if = "ResourceIds::is_empty")]
    #[schema(value_type = Vec<ResourceId>, max_items = 3)]
    resource_ids: ResourceIds,
    /// Where it differs from the own calendar.
    #[serde(default, skip_serializing_if = "is_nothing")]
    calendar: ServiceRules,
    /// What is agreed with each booking of it.
    #[serde(default, skip_serializing_if = "is_usual")]
    terms: Terms,
}

/// What is usual is not in the request's hash, which is then that of a request from before there was more.
fn is_nothing(rules: &ServiceRules) -> bool {
    *rules == ServiceRules::default()
}

fn is_usual(terms: &Terms) -> bool {
    *terms == Terms::default()
}

/// Draft a service
///
/// Nobody else sees it until it is published.
#[utoipa::path(post, path = "/v1/services", request_body = CreateService,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe")),
    responses((status = 201, description = "The draft", body = ServiceView)))]
pub(crate) async fn create_service(
    State(catalog): State<Catalog>,
    caller: Provider,
    OptionalIdempotencyKey(key): OptionalIdempotencyKey,
    Json(ask): Json<CreateService>,
) -> Result<Replayable<Created<ServiceView>>, Problem> {
    let now = catalog.clock.now();
    let subject = caller.user_id.to_string();
    let once = key.map(|key| Once::new(subject, "create_service", &key, &ask)).transpose()?;
    let service = Service {
        id: random::id(now),
        provider_id: caller.user_id,
        title: ask.title,
        description: ask.description,
        category: ask.category,
        price: ask.price,
        duration_minutes: ask.duration_minutes,
        durations: ask.durations,
        extras: ask.extras,
        location_kind: ask.location_kind,
        place: ask.place,
        languages: ask.languages,
        seats: ask.seats,
        resource_ids: ask.resource_ids,
        calendar: ask.calendar,
        terms: ask.terms,
        status: ServiceStatus::Draft,
        archived: None,
        created_at: now,
        updated_at: now,
    };
    service.check_offer().map_err(refusal)?;
    if let Err(refused) = catalog.check_resources(caller.user_id, &service.resource_ids).await {
        // An earlier try may have been taken, and a resource switched off since.
        let Some(once) = once else { return Err(refused) };
        return once.replay(&catalog.table, now).await?.ok_or(refused)?.answer();
    }
    let view = ServiceView::from(service.clone());
    let receipt = once.as_ref().map(|once| (once, &view));
    match (catalog.store.create(service, receipt, now).await, once) {
        (Ok(()), _) => Ok(Replayable::Fresh(Created(view))),
        (Err(CommitError::Storage(error)), _) => Err(error.into()),
        (Err(CommitError::Refused(SaveError::Seen)), Some(once)) => {
            once.replay(&catalog.table, now).await?.ok_or(Problem::busy())?.answer()
        }
        (Err(CommitError::Refused(_) | CommitError::Contention), _) => Err(Problem::busy()),
    }
}
