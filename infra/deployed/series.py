"""The check of series: made, answered, moved and called off together, and carried on by the schedule."""

import datetime

from checks import CUSTOMER, PROVIDER
from stack import Failed


def series(world):
    """Two weeks are booked, confirmed, moved by consent and called off; two more are declined; and two that nobody came to the end
    of are booked by the schedule."""
    call, customer, provider = world.api.call, world.tokens[CUSTOMER], world.tokens[PROVIDER]
    first, second, third = world.slots()[-3:]
    for _ in range(2):
        made = asked(world, first, "all", "check-series-made")
    path, bookings = f"/v1/series/{made['id']}", [time["booking_id"] for time in made["occurrences"]]
    if statuses(made) != ["requested"] * 2:
        raise Failed(f"two bookings should be requested: {made}")
    taken = call("POST", "/v1/series", status=409, body=wish(world, first, "all"), token=customer, key="check-series-no")
    if [conflict["conflict"] for conflict in taken["conflicts"]] != ["taken"] * 2:
        raise Failed(f"both times should be taken: {taken}")
    world.until("the mail about a series", lambda: world.mailed(PROVIDER, "new series of requests"))
    if statuses(call("POST", f"{path}/confirm", token=provider)) != ["confirmed"] * 2:
        raise Failed("the series was not confirmed")
    ask = {"booking_id": bookings[0], "starts_at": second, "scope": "all"}
    moved = call("POST", f"{path}/reschedule", body=ask, token=customer, key="check-series-moved")
    if moved["last_change"]["booking_ids"] != bookings:
        raise Failed(f"another time should be proposed for both: {moved}")
    answered(world, path, moved, first)
    one = call("POST", f"{path}/cancel", body={"from_booking_id": bookings[1]}, token=customer)
    if statuses(one) != ["confirmed", "cancelled"] or call("GET", path, token=provider) != one:
        raise Failed(f"what follows should be called off: {one}")
    call("POST", f"{path}/cancel", token=provider)
    declined = asked(world, first, "some", "check-series-declined")
    if statuses(call("POST", f"/v1/series/{declined['id']}/decline", token=provider)) != ["declined"] * 2:
        raise Failed("the series was not declined")
    left = leave(world, made["id"], third)
    world.until("the schedule to book a series", lambda: shown(world, left)["status"] == "made")
    if statuses(shown(world, left)) != ["requested"] * 2:
        raise Failed(f"the schedule should have booked both: {shown(world, left)}")
    call("POST", f"/v1/series/{left}/cancel", token=customer)


def answered(world, path, moved, back):
    """The provider agrees to what the customer proposes for a series, and turns the way back down."""
    call, customer, provider = world.api.call, world.tokens[CUSTOMER], world.tokens[PROVIDER]
    there = [time["proposal"]["starts_at"] for time in moved["occurrences"]]
    bookings = [time["booking_id"] for time in moved["occurrences"]]
    agreed = [{"booking_id": booking, "starts_at": start} for booking, start in zip(bookings, there)]
    after = call("POST", f"{path}/reschedule/accept", body={"proposals": agreed}, token=provider)
    if [time["starts_at"] for time in after["occurrences"]] != there:
        raise Failed(f"both should be where they were proposed: {after}")
    ask = {"booking_id": bookings[0], "starts_at": back, "scope": "all"}
    call("POST", f"{path}/reschedule", body=ask, token=customer, key="check-series-back")
    after = call("POST", f"{path}/reschedule/decline", body={"reason": "It is fine there."}, token=provider)
    if [(time["starts_at"], time["proposal"]) for time in after["occurrences"]] != [(start, None) for start in there]:
        raise Failed(f"both should stay: {after}")


def wish(world, starts_at, mode):
    """Two weeks of the service."""
    return {"service_id": world.service, "starts_at": starts_at, "frequency": "weekly", "count": 2, "mode": mode}


def asked(world, starts_at, mode, key):
    """The answer to a customer who asks for that."""
    ask, token = wish(world, starts_at, mode), world.tokens[CUSTOMER]
    return world.api.call("POST", "/v1/series", status=201, body=ask, token=token, key=key)


def shown(world, series_id):
    """The series as its customer sees it."""
    return world.api.call("GET", f"/v1/series/{series_id}", token=world.tokens[CUSTOMER])


def statuses(made):
    """Where the bookings of a series stand."""
    return [time["status"] for time in made["occurrences"]]


def leave(world, like, starts_at):
    """A series that was begun two minutes ago by whoever died then, made in the table out of another one."""
    table, client = world.stack.resources["Table"], world.stack.client("dynamodb")
    key = {"PK": {"S": f"SERIES#{like}"}, "SK": {"S": "SERIES"}}
    item = client.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
    ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=2)
    started = ago.strftime("%Y-%m-%dT%H:%M:%SZ")
    left = another(like)
    for week, planned in enumerate(time["M"] for time in item["occurrences"]["L"]):
        start = datetime.datetime.fromisoformat(starts_at) + datetime.timedelta(weeks=week)
        planned["starts_at"] = {"S": start.strftime("%Y-%m-%dT%H:%M:%SZ")}
        for name in ("booking_id", "hold_id"):
            planned[name] = {"S": another(planned[name]["S"])}
    price = world.api.call("GET", f"/v1/services/{world.service}")["price"]
    price = {"M": {"amount": {"N": str(price["amount"])}, "currency": {"S": price["currency"]}}}
    wanted = {"M": {"duration": {"N": "60"}, "seats": {"N": "1"}, "price": price}}
    task = {"doing": {"M": {"book": wanted}}, "actor": {"S": "customer"}, "actor_id": item["customer_id"]}
    item |= {
        "PK": {"S": f"SERIES#{left}"},
        "id": {"S": left},
        "v": {"N": "1"},
        "changes": {"L": []},
        "created_at": {"S": started},
        "task": {"M": task | {"at": {"S": started}}},
        "GSI3PK": {"S": "UNFINISHED#0"},
        "GSI3SK": {"S": f"{started.replace('Z', '.000Z')}#{left}"},
    }
    client.put_item(TableName=table, Item=item)
    return left


def another(identifier):
    """An identifier of the same kind that nothing has."""
    return identifier[:-4] + ("ZZZZ" if identifier[-4:] != "ZZZZ" else "YYYY")
