"""The checks of what is made of the stream: the chains of the audit log, and the counters."""

from collections import Counter

from checks import SUPER_ADMIN
from stack import Failed
from staff import SUPPORT


def audit(world):
    """The stream links each record of the audit log, and a super admin reads it by day, target and actor."""
    token, boss, support = world.tokens[SUPER_ADMIN], world.id_of(SUPER_ADMIN), world.id_of(SUPPORT)
    for query in ("", f"target={support}", f"actor={boss}"):
        page = world.api.call("GET", f"/v1/admin/audit?limit=100&{query}".rstrip("&"), token=token)["items"]
        if not any(record["entry"] == "permissions_set" and record["actor_id"] == boss for record in page):
            raise Failed(f"the log by {query or 'day'} has no permission that was set")
    world.until("a link for each record of the audit log", lambda: linked(world))


def linked(world):
    """Whether the records of the log and the links of its chains are the same."""
    ids = {"audit": set(), "audit_link": set()}
    for item in items(world):
        if item["t"]["S"] in ids:
            ids[item["t"]["S"]].add(item["SK"]["S"].removeprefix("LINK#"))
    return ids["audit"] and ids["audit"] == ids["audit_link"]


def statistics(world):
    """The stream counts users, services and bookings, and a super admin is told what there is."""
    world.until("counters of what there is", lambda: told(world) == counted(world))


def told(world):
    """What the statistics say, by kind and status."""
    totals = world.api.call("GET", "/v1/admin/statistics?group=month", token=world.tokens[SUPER_ADMIN])["totals"]
    said = Counter()
    for statuses in totals["users"].values():
        said.update({f"user {status}": number for status, number in statuses.items()})
    for kind in ("service", "booking"):
        said.update({f"{kind} {status}": number for status, number in totals[f"{kind}s"].items()})
    return +said


def counted(world):
    """The same, counted in the table."""
    kinds = ("user", "service", "booking")
    things = (item for item in items(world) if item["t"]["S"] in kinds)
    return Counter(f"{thing['t']['S']} {thing['status']['S']}" for thing in things)


def items(world):
    """All that is in the table."""
    pages = world.stack.client("dynamodb").get_paginator("scan").paginate(TableName=world.stack.resources["Table"])
    return (item for page in pages for item in page["Items"])
