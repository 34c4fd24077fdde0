"""The checks of what staff do with services and bookings of the whole market."""

from datetime import UTC, datetime, timedelta

import icalendar
import resources
import reviews
import series
import waitlist
from checks import CUSTOMER, PROVIDER, SUPER_ADMIN
from stack import Failed


def market(world):
    """The super admin finds services and bookings in each way, archives and restores one, and cancels another; and
    everybody has a dashboard."""
    waits = services(world)
    vacations(world)
    bookings(world)
    on_behalf(world)
    holds(world)
    moves(world)
    begun(world)
    series.series(world)
    waitlist.waitlist(world, waits)
    reviews.reviews(world)
    resources.resources(world)
    calendars(world)
    dashboards(world)


def services(world):
    """A service of its own is archived and restored; the one that the other checks use stays as it is. Answers two waits
    that begin here."""
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
    waits = waitlist.begin(world, made)
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
    return waits


def vacations(world):
    """The provider is away on the day of a slot, which is then free for nobody, and is back."""
    call, token = world.api.call, world.tokens[PROVIDER]
    slot = world.slots()[-1]
    day = local_day(world, slot)
    ask = {"from": day, "to": day, "message": "A check."}
    made = call("POST", "/v1/me/calendar/vacations", status=201, body=ask, token=token, key="check-vacation")["id"]
    if [item["id"] for item in call("GET", "/v1/me/calendar/vacations", token=token)["items"]] != [made]:
        raise Failed("the vacation is not listed")
    if slot in world.slots():
        raise Failed("a slot is free while its provider is away")
    call("DELETE", f"/v1/me/calendar/vacations/{made}", status=204, token=token)
    if slot not in world.slots():
        raise Failed("the days of a vacation that was deleted are not free")


def local_day(world, slot):
    """The provider's date of a slot, which is not that of UTC late in the evening."""
    zone = world.api.call("GET", "/v1/me/calendar", token=world.tokens[PROVIDER])["time_zone"]
    # Names of this kind have the sign turned round.
    offset = timedelta(hours=-int(zone.removeprefix("Etc/GMT")))
    return (datetime.fromisoformat(slot) + offset).date().isoformat()


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


def on_behalf(world):
    """Staff book for a customer, move that, and call it off; both sides are told."""
    call, token = world.api.call, world.tokens[SUPER_ADMIN]
    first, second, third = world.slots()[-3:]
    other = world.booked(third, "check-in-the-way")["id"]
    ask = {"customer_id": world.id_of(CUSTOMER), "service_id": world.service, "starts_at": first, "reason": "A check."}
    booking = call("POST", "/v1/admin/bookings", status=201, body=ask, token=token, key="check-on-behalf")["id"]
    call("POST", "/v1/admin/bookings", status=409, body=ask, token=token, key="check-on-behalf-2")
    call("POST", f"/v1/bookings/{booking}/confirm", token=world.tokens[PROVIDER])
    taken = {"starts_at": third, "reason": "A check."}
    call("POST", f"/v1/admin/bookings/{booking}/reschedule", status=409, body=taken, token=token)
    call("POST", f"/v1/bookings/{other}/cancel", token=world.tokens[CUSTOMER])
    move = {"starts_at": second, "reason": "A check."}
    moved = call("POST", f"/v1/admin/bookings/{booking}/reschedule", body=move, token=token, key="check-move-any")
    if moved["starts_at"] != second or first not in world.slots() or second in world.slots():
        raise Failed(f"staff moved a booking to {moved['starts_at']}, not to {second}")
    for address in (CUSTOMER, PROVIDER):
        world.until(f"the mail to {address}", lambda address=address: world.mailed(address, "moved"))
    call("POST", f"/v1/admin/bookings/{booking}/cancel", body={"reason": "A check."}, token=token)


def holds(world):
    """A slot is held and given back, and held and booked."""
    call, token = world.api.call, world.tokens[CUSTOMER]
    slot = world.slots()[-1]
    ask = {"service_id": world.service, "starts_at": slot}
    held = call("POST", "/v1/holds", status=201, body=ask, token=token, key="check-hold-1")["id"]
    if slot in world.slots():
        raise Failed("a slot that is held is free")
    call("POST", "/v1/holds", status=409, body=ask, token=token, key="check-hold-0")
    call("DELETE", f"/v1/holds/{held}", status=204, token=token)
    held = call("POST", "/v1/holds", status=201, body=ask, token=token, key="check-hold-2")
    ask |= {"hold_id": held["id"], "price": held["price"]}
    booking = call("POST", "/v1/bookings", status=201, body=ask, token=token, key="check-held")
    if [line["amount"] for line in booking["line_items"]] != [held["price"]]:
        raise Failed(f"the booking's lines are {booking['line_items']}")
    call("POST", f"/v1/bookings/{booking['id']}/cancel", token=token)
    if slot not in world.slots():
        raise Failed("something is left of a hold that was booked")


def moves(world):
    """A booking is moved with the other side's consent, a move is declined, and what calling off gives back is what the
    preview said."""
    call, customer, provider = world.api.call, world.tokens[CUSTOMER], world.tokens[PROVIDER]
    first, second, third = world.slots()[-3:]
    path = f"/v1/bookings/{world.booked(first, 'check-moved')['id']}"
    call("POST", f"{path}/confirm", token=provider)
    taken = world.booked(third, "check-taken")["id"]
    call("POST", f"{path}/reschedule", status=409, body={"starts_at": third}, token=provider)
    call("POST", f"/v1/bookings/{taken}/cancel", token=customer)
    call("POST", f"{path}/reschedule", body={"starts_at": second}, token=provider)
    call("POST", f"{path}/reschedule/decline", body={"reason": "A check."}, token=customer)
    for _ in range(2):
        call("POST", f"{path}/reschedule", body={"starts_at": third}, token=customer, key="check-move")
    world.until("the mail about another time", lambda: world.mailed(PROVIDER, "another time"))
    call("POST", f"{path}/reschedule/accept", status=409, body={"starts_at": second}, token=provider)
    day = local_day(world, third)
    days = {"from": day, "to": day}
    away = call("POST", "/v1/me/calendar/vacations", status=201, body=days, token=provider, key="check-away")["id"]
    call("POST", f"{path}/reschedule/accept", status=409, body={"starts_at": third}, token=provider)
    call("DELETE", f"/v1/me/calendar/vacations/{away}", status=204, token=provider)
    moved = call("POST", f"{path}/reschedule/accept", body={"starts_at": third}, token=provider)
    if (moved["starts_at"], moved["proposal"]) != (third, None):
        raise Failed(f"the booking was not moved: {moved}")
    if first not in world.slots() or third in world.slots():
        raise Failed("moving did not free one time and take the other")
    preview = call("GET", f"{path}/cancellation-preview", token=customer)["refund"]
    gone = call("POST", f"{path}/cancel", body={"refund": preview["amount"]}, token=customer)
    if gone["refund"] != preview:
        raise Failed(f"the preview said {preview}, and {gone['refund']} is given back")
    steps = [line["reschedule"] for line in call("GET", f"{path}/history", token=provider)["items"]]
    if [step and step["step"] for step in steps] != [None, None, "proposed", "declined", "proposed", "moved", None]:
        raise Failed(f"the history is {steps}")


def begun(world):
    """Of two bookings that have begun, as far as the table knows, one takes place and to the other nobody comes."""
    call, provider = world.api.call, world.tokens[PROVIDER]
    slots = world.slots()
    for slot, verb, status in ((slots[-1], "complete", "completed"), (slots[-2], "no-show", "no_show")):
        path = f"/v1/bookings/{world.booked(slot, f'check-{verb}')['id']}"
        call("POST", f"{path}/confirm", token=provider)
        call("POST", f"{path}/{verb}", status=409, token=provider)
        world.begin(path.rsplit("/", 1)[1])
        if call("POST", f"{path}/{verb}", token=provider)["status"] != status:
            raise Failed(f"the booking did not become {status}")
    world.until("the mail about the missed booking", lambda: world.mailed(CUSTOMER, "missed"))


def calendars(world):
    """Both sides have a booking as a file, and the provider's calendar has it by a link until that is revoked. Another
    reader of RFC 5545 finds the time that was booked."""
    call, fetch, token = world.api.call, world.api.fetch, world.tokens[PROVIDER]
    slot = world.slots()[-1]
    booking = world.booked(slot, "check-calendar-file")["id"]
    void, link = [call("POST", "/v1/me/calendar/feed", status=201, token=token)["path"] for _ in range(2)]
    call("GET", void, status=404)
    bearers = [{"Authorization": f"Bearer {world.tokens[side]}"} for side in (CUSTOMER, PROVIDER)]
    reads = [(f"/v1/bookings/{booking}.ics", bearer) for bearer in bearers] + [(link, {})]
    for path, headers in reads:
        status, answered, content = fetch("GET", path, headers=headers)
        if status != 200 or answered["Content-Type"] != "text/calendar; charset=utf-8":
            raise Failed(f"a calendar file was answered {status}, {answered['Content-Type']}")
        events = icalendar.Calendar.from_ical(content).walk("VEVENT")
        starts = {str(event["UID"]): event["DTSTART"].dt.astimezone(UTC) for event in events}
        if starts.get(booking) != datetime.fromisoformat(slot):
            raise Failed(f"the booking at {slot} is in the calendar as {starts}")
    status, _, content = fetch("GET", link, headers={"If-None-Match": answered["ETag"]})
    if (status, content) != (304, b""):
        raise Failed(f"a calendar that is known was answered {status}")
    call("POST", f"/v1/bookings/{booking}/cancel", token=world.tokens[CUSTOMER])
    call("DELETE", "/v1/me/calendar/feed", status=204, token=token)
    call("GET", link, status=404)


def dashboards(world):
    """Each finds a section of their own, and in it what there is."""
    for address, section in ((CUSTOMER, "customer"), (PROVIDER, "provider"), (SUPER_ADMIN, "staff")):
        shown = world.api.call("GET", "/v1/me/dashboard", token=world.tokens[address])
        if [name for name in ("customer", "provider", "staff") if shown[name]] != [section]:
            raise Failed(f"the dashboard of {address} is {shown}")
    # Those of the super admin.
    if not shown["staff"]["newest_services"]:
        raise Failed("the super admin sees no services")
