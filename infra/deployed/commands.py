"""The checks of what operators do by hand."""

import audit
import manage
from checks import CUSTOMER, PASSWORD, SUPER_ADMIN
from peers import RangeServer
from stack import Failed

ADMIN, ACCOUNTANT, DESK = "first.admin@example.com", "accountant@example.com", "desk@example.com"


def commands(world):
    """An operator makes staff of each role, lets one of them do something and no longer, and switches one off."""
    refusals(world)
    manage.create(world, ADMIN, "admin")
    manage.create(world, ACCOUNTANT, "accountant")
    desk = manage.create(world, DESK, "management")
    call = world.api.call
    tokens = {
        address: call("POST", "/v1/sessions", status=201, body={"email": address, "password": PASSWORD})["access_token"]
        for address in (ADMIN, ACCOUNTANT, DESK)
    }
    call("GET", "/v1/admin/users", token=tokens[ADMIN])
    call("GET", "/v1/admin/statistics", token=tokens[ACCOUNTANT])
    for command, before, after in (("grant", 403, 200), ("revoke", 200, 403)):
        call("GET", "/v1/admin/statistics", status=before, token=tokens[DESK])
        manage.done(world, command, "--email", DESK, "--permission", "financial_reports")
        answers(world, tokens[DESK], after)
    off = manage.done(world, "disable", "--id", desk, "--reason", "A check.")
    if off != {"id": desk, "status": "disabled"}:
        raise Failed(f"switched off was {off}")
    answers(world, tokens[DESK], 401)
    call("POST", "/v1/sessions", status=403, body={"email": DESK, "password": PASSWORD})


def refusals(world):
    """Nothing comes of a password from a breach, of an address that somebody has, of the last super admin's end."""
    leaked = {"given": f"{RangeServer.LEAKED}\n"}
    names = ("--first-name", "First", "--last-name", "Last")
    if "breach" not in manage.refused(world, "create-admin", "--email", ADMIN, *names, **leaked):
        raise Failed("an account was refused for another reason than its password")
    manage.refused(world, "create-admin", "--email", CUSTOMER, *names, given=f"{PASSWORD}\n")
    manage.refused(world, "grant", "--email", CUSTOMER, "--permission", "financial_reports")
    others = [
        item["id"]
        for item in world.api.call("GET", "/v1/admin/users?role=super_admin", token=world.tokens[SUPER_ADMIN])["items"]
        if item["id"] != world.id_of(SUPER_ADMIN)
    ]
    for other in others:
        manage.done(world, "disable", "--id", other, "--reason", "A check.")
    if "another active super admin" not in manage.refused(
        world, "disable", "--email", SUPER_ADMIN, "--reason", "A check."
    ):
        raise Failed("the last super admin stays for another reason")


def answers(world, token, status):
    """The statistics are answered so within the five seconds for which a function remembers a caller."""
    asked = lambda: world.api.send("GET", "/v1/admin/statistics", token=token)[0]
    world.until(f"an answer {status} to the statistics", lambda: asked() == status, 6)


def verified(world):
    """The audit log is whole, with the records of the commands; the counters are made again and say the same."""
    world.until("a link for each record of the audit log", lambda: audit.linked(world))
    found = manage.done(world, "verify-audit")
    if found["findings"] or not found["records"]:
        raise Failed(f"the audit log has {found}")
    noted = [item["entry"]["S"] for item in audit.items(world) if item["t"]["S"] == "audit" and by_command(item)]
    if not {"account_created", "permissions_set", "account_disabled"} <= set(noted):
        raise Failed(f"commands left {noted}")
    world.until("counters of what there is", lambda: audit.told(world) == audit.counted(world))
    rebuilt = manage.done(world, "rebuild-counters")
    if rebuilt["generation"] != 1 or rebuilt["unreadable"] or rebuilt["corrected"]:
        raise Failed(f"counted again was {rebuilt}")
    if audit.told(world) != audit.counted(world):
        raise Failed(f"told is {audit.told(world)}, and there is {audit.counted(world)}")


def by_command(record):
    """Whether a record of the audit log is of a command."""
    # There is no address of whoever was erased.
    private = record.get("private", {"M": {}})["M"]
    return "address" in private and private["address"]["M"]["value"]["S"] == "command"
