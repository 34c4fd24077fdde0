"""The check of reviews: written by both sides, answered, hidden, and published by time."""

import datetime

from checks import CUSTOMER, PROVIDER, SUPER_ADMIN
from stack import Failed


def reviews(world):
    """Two bookings take place. Of one, both sides say what they think; of the other, only the customer does, and time
    publishes it."""
    call, customer, provider = world.api.call, world.tokens[CUSTOMER], world.tokens[PROVIDER]
    both, alone = [over(world, f"check-over-{number}") for number in (1, 2)]
    for side in (customer, provider):
        call("GET", f"{both}/reviews", token=side)
        for _ in range(2):
            call("POST", f"{both}/reviews", status=201, body={"rating": 4}, token=side, key="check-review-both")
    rated(world, 1)
    call("POST", f"{both}/reviews/answer", body={"text": "Thank you!"}, token=provider)
    world.until("the mail about the answer", lambda: world.mailed(CUSTOMER, "review was answered"))
    for hidden, count in ((True, 0), (False, 1)):
        ask = {"author": "customer", "hidden": hidden, "reason": "A check."}
        path = f"{both.replace('/v1/', '/v1/admin/')}/reviews/moderate"
        call("POST", path, body=ask, token=world.tokens[SUPER_ADMIN])
        rated(world, count)
    call("POST", f"{alone}/reviews", status=201, body={"rating": 2}, token=customer, key="check-review-alone")
    rated(world, 1)
    close(world, alone.rsplit("/", 1)[1])
    world.until("the review that was alone", lambda: rating(world)["count"] == 2)
    if rating(world)["average"] != 3:
        raise Failed(f"4 and 2 come to {rating(world)}")
    listed = call("GET", f"/v1/reviews?provider_id={call('GET', '/v1/me', token=provider)['id']}")
    # The one that was alone could be read since before the other one was written.
    if [item["rating"] for item in listed["items"]] != [4, 2]:
        raise Failed(f"the reviews of the provider are {listed}")


def over(world, key):
    """The path of a booking that has taken place."""
    path = f"/v1/bookings/{world.booked(world.slots()[-1], key)['id']}"
    world.api.call("POST", f"{path}/confirm", token=world.tokens[PROVIDER])
    world.begin(path.rsplit("/", 1)[1])
    world.api.call("POST", f"{path}/complete", token=world.tokens[PROVIDER])
    return path


def rating(world):
    """What all reviews of the service come to."""
    return world.api.call("GET", f"/v1/reviews?service_id={world.service}")["rating"]


def rated(world, count):
    """So many reviews count, as the service itself says too."""
    shown = world.api.call("GET", f"/v1/services/{world.service}")["rating"]
    if rating(world) != shown or shown["count"] != count:
        raise Failed(f"{count} reviews should count: {shown}")


def close(world, booking):
    """Makes the reviews of a booking close a minute ago, in the table: nobody waits for two weeks."""
    table, client = world.stack.resources["Table"], world.stack.client("dynamodb")
    key = {"PK": {"S": f"BOOKING#{booking}"}, "SK": {"S": "REVIEWS"}}
    now = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=1)
    client.update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET open_until = :end, GSI3SK = :place ADD v :one",
        ExpressionAttributeValues={
            ":end": {"S": now.strftime("%Y-%m-%dT%H:%M:%SZ")},
            ":place": {"S": now.strftime(f"%Y-%m-%dT%H:%M:%S.000Z#{booking}")},
            ":one": {"N": "1"},
        },
    )
