"""The check of the waitlist: a place that comes free is offered, and the stream and the schedule see to those who wait."""

import datetime

from checks import CUSTOMER, PROVIDER
from stack import Failed


def begin(world, lesson):
    """Waits for starts that there are never: of a service that is about to be archived, and of the one that stays."""
    slot = world.slots()[-1]
    return join(world, lesson, slot, 1), join(world, world.service, slot, 2)


def waitlist(world, begun):
    """What somebody gives back is offered to who waits for it; what can never be is over, and what may be is looked for."""
    call, customer = world.api.call, world.tokens[CUSTOMER]
    slot = world.slots()[-1]
    held = {"service_id": world.service, "starts_at": slot}
    hold = call("POST", "/v1/holds", status=201, body=held, token=customer, key="check-waitlist-hold")["id"]
    wait = join(world, world.service, slot, 0)
    call("DELETE", f"/v1/holds/{hold}", status=204, token=customer)
    world.until("the offer of a place", lambda: shown(world, wait)["offer"])
    world.until("the mail about the offer", lambda: world.mailed(CUSTOMER, "a place is free"))
    line = call("GET", "/v1/waitlist", token=world.tokens[PROVIDER])["items"]
    if wait not in [item["id"] for item in line]:
        raise Failed(f"the provider should see who waits: {line}")
    call("DELETE", f"/v1/waitlist/{wait}", status=204, token=customer)
    never, kept = begun
    world.until("the end of a wait for what is archived", lambda: shown(world, never)["status"] == "expired")
    soon = shown(world, kept)["created_at"]
    world.until("the schedule to look for a place", lambda: minutes_from(soon, look_at(world, kept)) > 5, 150)
    call("DELETE", f"/v1/waitlist/{kept}", status=204, token=customer)


def join(world, service, slot, minutes):
    """The id of a wait for a start that many minutes after a slot's."""
    starts = datetime.datetime.fromisoformat(slot) + datetime.timedelta(minutes=minutes)
    ends = starts + datetime.timedelta(minutes=1)
    ask = {"service_id": service, "from": starts.isoformat(), "to": ends.isoformat()}
    token, key = world.tokens[CUSTOMER], f"check-waitlist-{minutes}"
    return world.api.call("POST", "/v1/waitlist", status=201, body=ask, token=token, key=key)["id"]


def shown(world, wait):
    """A wait as its customer sees it."""
    waits = world.api.call("GET", "/v1/waitlist", token=world.tokens[CUSTOMER])["items"]
    return next(item for item in waits if item["id"] == wait)


def look_at(world, wait):
    """When the schedule looks for a place, from the table."""
    key = {"PK": {"S": f"USER#{world.id_of(CUSTOMER)}"}, "SK": {"S": f"WAIT#{wait}"}}
    found = world.stack.client("dynamodb").get_item(TableName=world.stack.resources["Table"], Key=key)
    return found["Item"]["state"]["M"]["look_at"]["S"]


def minutes_from(earlier, later):
    """How many minutes lie between two moments."""
    one, two = (datetime.datetime.fromisoformat(moment) for moment in (earlier, later))
    return (two - one).total_seconds() / 60
