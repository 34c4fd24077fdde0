"""The check of search: services and providers are found as they are, and when they are free."""

import datetime

from checks import PROVIDER
from stack import Failed


def search(world):
    """The service is found by another title within seconds, with its provider, also by a time at which it is free."""
    call, token = world.api.call, world.tokens[PROVIDER]
    path = f"/v1/services/{world.service}"
    title = call("GET", path, token=token)["title"]
    call("PATCH", path, body={"title": "Hypogeal consultation"}, token=token)
    now = datetime.datetime.now(datetime.UTC)
    begin, end = [(now + datetime.timedelta(days)).strftime("%Y-%m-%dT%H:%M:%SZ") for days in (0, 3)]
    window = f"&free_from={begin}&free_to={end}"

    def found(kind, query):
        return call("GET", f"/v1/search/{kind}?q=hypogeal+consult{query}")["items"]

    world.until("the service in search", lambda: ids(found("services", "")) == [world.service])
    soonest = found("services", f"{window}&sort=soonest")
    if ids(soonest) != [world.service] or soonest[0]["next_free"] not in world.slots():
        raise Failed(f"the service is free at {soonest}")
    world.until("the provider in search", lambda: ids(found("providers", "")) == [world.id_of(PROVIDER)])
    best = [item["best"]["id"] for item in found("providers", window)]
    if best != [world.service]:
        raise Failed(f"the provider is free with {best}")
    call("PATCH", path, body={"title": title}, token=token)
    world.until("the service under its old title", lambda: not found("services", ""))


def ids(items):
    """Of what was found."""
    return [item["id"] for item in items]
