"""The check of resources: staff enter one, a provider's service needs it, and it is taken and free again with a booking."""

from checks import CUSTOMER, PROVIDER, SUPER_ADMIN
from stack import Failed


def resources(world):
    """A room is entered, listed, needed by the service, taken by a booking, free again, and switched off."""
    call, staff = world.api.call, world.tokens[SUPER_ADMIN]
    customer, provider = world.tokens[CUSTOMER], world.tokens[PROVIDER]
    ask = {"name": "Blue room", "provider_ids": [world.id_of(PROVIDER)]}
    room = call("POST", "/v1/admin/resources", status=201, body=ask, token=staff, key="check-resource")["id"]
    world.until("the room in the list", lambda: room in ids(call("GET", "/v1/admin/resources", token=staff)))
    if call("GET", f"/v1/admin/resources/{room}", token=staff)["provider_ids"] != ask["provider_ids"]:
        raise Failed("the room should be the provider's to use")
    if ids(call("GET", "/v1/me/resources", token=provider)) != [room]:
        raise Failed("the provider should find the room")
    service = f"/v1/services/{world.service}"
    call("PATCH", service, body={"resource_ids": [room]}, token=provider)
    slot = world.slots()[-1]
    booking = world.booked(slot, "check-room")
    if days_of(world, room) != [slot[:10]]:
        raise Failed(f"the booking should have taken the room: {days_of(world, room)}")
    call("POST", f"/v1/bookings/{booking['id']}/cancel", token=customer)
    if days_of(world, room):
        raise Failed("the room should be free again")
    call("PATCH", f"/v1/admin/resources/{room}", body={"active": False}, token=staff, seen="*")
    if world.slots():
        raise Failed("without its room the service should have no slots")
    call("PATCH", f"/v1/admin/resources/{room}", body={"provider_ids": []}, token=staff, seen="*")
    call("PATCH", service, body={"resource_ids": []}, token=provider)
    if slot not in world.slots():
        raise Failed("a service that needs no room should have its slots")


def ids(page):
    """Of what is on a page."""
    return [item["id"] for item in page["items"]]


def days_of(world, room):
    """The UTC days on which something takes a room, from the table."""
    ask = {":pk": {"S": f"RESOURCE#{room}"}, ":day": {"S": "DAY#"}}
    found = world.stack.client("dynamodb").query(
        TableName=world.stack.resources["Table"],
        KeyConditionExpression="PK = :pk AND begins_with(SK, :day)",
        ExpressionAttributeValues=ask,
        ConsistentRead=True,
    )
    return [item["date"]["S"] for item in found["Items"] if item["busy"]["L"]]
