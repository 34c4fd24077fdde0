"""The check of the audit log: its chains, and how staff read it."""

from stack import Failed
from staff import SUPER_ADMIN, SUPPORT


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
    pages = world.stack.client("dynamodb").get_paginator("scan").paginate(TableName=world.stack.resources["Table"])
    for item in (item for page in pages for item in page["Items"]):
        if item["t"]["S"] in ids:
            ids[item["t"]["S"]].add(item["SK"]["S"].removeprefix("LINK#"))
    return ids["audit"] and ids["audit"] == ids["audit_link"]
