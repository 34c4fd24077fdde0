"""The checks of what staff do with services and bookings of the whole market."""

from checks import CUSTOMER, PROVIDER, SUPER_ADMIN
from stack import Failed


def market(world):
    """The super admin finds services and bookings in each way, archives and restores one, and cancels another; and
    everybody has a dashboard."""
    services(world)
    bookings(world)
    dashboards(world)


def services(world):
    """A service of its own is archived and restored; the one that the other checks use stays as it is."""
    call, token, provider = world.api.call, world.tokens[SUPER_ADMIN], world.tokens[PROVIDER]
    draft = {
        "title": "Lesson",
        "description": "",
        "category": "lessons",
        "price": {"amount": 100, "currency": "eur"},
        "duration_minutes": 60,
        "location_kind": "online",
    }
    made = call("POST", "/v1/services", status=201, body=draft, token=provider)["id"]
    call("POST", f"/v1/services/{made}/publish", token=provider)
    owner = world.id_of(PROVIDER)
    for query in ("limit=100", "status=published&category=lessons", f"provider_id={owner}"):
        found = [item["id"] for item in call("GET", f"/v1/admin/services?{query}", token=token)["items"]]
        if made not in found:
            raise Failed(f"{query} does not find the service: {found}")
    path = f"/v1/admin/services/{made}"
    call("POST", f"{path}/archive", body={"reason": "A check."}, token=token)
    if call("GET", path, token=token)["archived_reason"] != "A check.":
        raise Failed("the service is not archived for its reason")
    call("POST", f"/v1/services/{made}/publish", status=409, token=provider)
    world.until("the mail about the archived service", lambda: world.mailed(PROVIDER, "service archived"))
    if call("POST", f"{path}/restore", token=token)["status"] != "draft":
        raise Failed("the service was not restored")


def bookings(world):
    """A booking of its own is cancelled by staff, twice as after a lost answer, and both sides are told."""
    call, token = world.api.call, world.tokens[SUPER_ADMIN]
    slot = world.slots()[-1]
    booking = world.booked(slot, "check-cancelled-by-staff")["id"]
    sides = (f"customer_id={world.id_of(CUSTOMER)}", f"provider_id={world.id_of(PROVIDER)}")
    day = f"from={slot[:10]}T00:00:00Z"
    for query in (day, *sides, f"service_id={world.service}"):
        found = [item["id"] for item in call("GET", f"/v1/admin/bookings?limit=100&{query}", token=token)["items"]]
        if booking not in found:
            raise Failed(f"{query} does not find the booking: {found}")
    path = f"/v1/admin/bookings/{booking}"
    for _ in range(2):
        call("POST", f"{path}/cancel", body={"reason": "A check."}, token=token, key="check-cancel")
    shown = call("GET", path, token=token)
    if [line["actor"] for line in shown["history"]] != ["customer", "staff"]:
        raise Failed(f"the booking's history is {shown['history']}")
    for address in (CUSTOMER, PROVIDER):
        world.until(f"the mail to {address}", lambda address=address: world.mailed(address, "cancelled"))
    if slot not in world.slots():
        raise Failed("the time of a booking that staff cancelled is not free")


def dashboards(world):
    """Each finds a section of their own, and in it what there is."""
    for address, section in ((CUSTOMER, "customer"), (PROVIDER, "provider"), (SUPER_ADMIN, "staff")):
        shown = world.api.call("GET", "/v1/me/dashboard", token=world.tokens[address])
        if [name for name in ("customer", "provider", "staff") if shown[name]] != [section]:
            raise Failed(f"the dashboard of {address} is {shown}")
    # Those of the super admin.
    if not shown["staff"]["newest_services"]:
        raise Failed("the super admin sees no services")
