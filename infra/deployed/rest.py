"""The checks that nothing was left out: each endpoint once; then what was used, left over and complained of."""

import fnmatch
import json

import live
import own
from checks import CUSTOMER, PASSWORD, PROVIDER, SOON, SUPER_ADMIN
from peers import RangeServer
from stack import Failed

# What functions complain of when they are given what can never work; and the jobs function, of what comes too early.
PROVOKED, TOO_EARLY = "poison: moved to the dead-letter queue", "to be tried again"
# How often a busy machine may keep a function waiting for an answer of MiniStack in vain: what it did is done again.
LATE = 3


def endpoints(world):
    """What the main job leaves out of the HTTP API, each once."""
    call = world.api.call
    provider, customer = world.tokens[PROVIDER], world.tokens[CUSTOMER]
    call("PATCH", "/v1/me", body={"first_name": "Changed"}, token=customer)
    if call("GET", "/v1/me", token=customer)["first_name"] != "Changed":
        raise Failed("the customer's name did not change")
    call("GET", "/v1/me/calendar", token=provider)
    call("GET", "/v1/categories")
    for query in ("", "?category=massage", f"?provider_id={call('GET', '/v1/me', token=provider)['id']}"):
        found = [item["id"] for item in call("GET", f"/v1/services{query}", token=customer)["items"]]
        if found != [world.service]:
            raise Failed(f"the services {query} are {found}")
    service = f"/v1/services/{world.service}"
    call("PATCH", service, body={"title": "Long massage"}, token=provider)
    if call("GET", service, token=customer)["title"] != "Long massage":
        raise Failed("the service's title did not change")
    if not call("GET", "/v1/bookings", token=provider)["items"]:
        raise Failed("the provider has no bookings")
    sessions(world)
    own.numbers(world)
    own.addresses(world)
    own.export(world)
    passwords(world)
    pages(world)


def sessions(world):
    """One session is ended, one replaced, one ended from another, and a last one by using a refresh token twice."""
    credentials = {"email": CUSTOMER, "password": PASSWORD}
    session = world.api.call("POST", "/v1/sessions", status=201, body=credentials)
    held = session["refresh_token"]
    session = world.api.call("POST", "/v1/sessions", status=201, body=credentials | {"replaces": held})
    world.api.call("POST", "/v1/sessions/refresh", status=401, body={"refresh_token": held})
    world.api.call("DELETE", "/v1/sessions/current", status=204, token=session["access_token"])
    session = world.api.call("POST", "/v1/sessions", status=201, body=credentials)
    standing = world.api.call("GET", "/v1/sessions", token=session["access_token"])["items"]
    if [item["current"] for item in standing[:2]] != [True, False]:
        raise Failed(f"the sessions are {standing}")
    other = world.api.call("POST", "/v1/sessions", status=201, body=credentials)
    name = next(
        item["id"]
        for item in world.api.call("GET", "/v1/sessions", token=other["access_token"])["items"]
        if item["current"]
    )
    world.api.call("DELETE", f"/v1/sessions/{name}", status=204, token=session["access_token"])
    again = {"refresh_token": session["refresh_token"]}
    following = world.api.call("POST", "/v1/sessions/refresh", body=again)
    # From the same device, as after a lost answer.
    if world.api.call("POST", "/v1/sessions/refresh", body=again)["refresh_token"] != following["refresh_token"]:
        raise Failed("a repeated refresh was answered with another token")
    for used in (session, following):
        token = {"refresh_token": used["refresh_token"]}
        world.api.call("POST", "/v1/sessions/refresh", status=401, body=token, agent="another device")
    world.until("the mail about it", lambda: world.mailed(CUSTOMER, "ended one of your sessions"))


def passwords(world):
    """Somebody has a code sent again, resets the password by the link that is mailed, and changes it."""
    call, address = world.api.call, "forgetful@example.com"
    # With a number that another account holds.
    world.register(address, "customer", phone=own.PHONE)
    world.code(address)
    call("POST", "/v1/email-confirmations/resend", status=202, body={"email": address})
    world.until("the second code", lambda: len(world.mails.to(address)) > 1)
    call("POST", "/v1/password-resets", status=202, body={"email": address})
    token = world.until("the link", lambda: world.found(address, r"^[A-Za-z0-9_-]{43}$"))
    chosen = {"token": token, "new_password": "another fine password"}
    # Twice, as after a lost answer.
    for _ in range(2):
        call("POST", "/v1/password-resets/complete", status=204, body=chosen)
    call("POST", "/v1/password-resets/complete", status=422, body=chosen | {"token": token[::-1]})
    session = call("POST", "/v1/sessions", status=201, body={"email": address, "password": "another fine password"})
    change = {"current_password": "another fine password", "new_password": PASSWORD}
    wrong = change | {"current_password": "not the password"}
    call("PUT", "/v1/me/password", status=422, body=wrong, token=session["access_token"])
    leaked = change | {"new_password": RangeServer.LEAKED}
    call("PUT", "/v1/me/password", status=422, body=leaked, token=session["access_token"])
    if {len(prefix) for prefix in world.ranges.asked} != {5}:
        raise Failed(f"the service of breached passwords was asked {world.ranges.asked}")
    call("PUT", "/v1/me/password", status=204, body=change, token=session["access_token"])
    refreshed = call("POST", "/v1/sessions/refresh", body={"refresh_token": session["refresh_token"]})
    call("GET", "/v1/me", token=refreshed["access_token"])


def erasing(world):
    """Who leaves is erased, photo and all; so is whom staff had erased while the stream was not followed."""
    call, address = world.api.call, "leaving@example.com"
    world.register(address, "customer")
    call("POST", "/v1/email-confirmations", status=204, body={"email": address, "code": world.code(address)})
    credentials = {"email": address, "password": PASSWORD}
    token = call("POST", "/v1/sessions", status=201, body=credentials)["access_token"]
    leaving = f"/v1/admin/users/{world.id_of(address)}"
    live.upload(world, token)
    world.until("the photo", lambda: call("GET", "/v1/me", token=token)["photo"]["status"] == "ready")
    call("DELETE", "/v1/me", status=422, body={"password": "not the password"}, token=token)
    call("DELETE", "/v1/me", status=202, body={"password": PASSWORD}, token=token)
    call("POST", "/v1/sessions", status=403, body=credentials)

    boss = world.tokens[SUPER_ADMIN]
    # The first message comes too early, and again when it is visible again.
    world.until("the erasure", lambda: call("GET", leaving, token=boss)["status"] == "erased", 60 + 180 + SOON)
    world.until("the job's end", lambda: call("GET", world.job, token=boss)["state"] == "done")
    if world.kept("PublicBucket"):
        raise Failed(f"kept are {world.kept('PublicBucket')}")


def pages(world):
    """The documentation, and what answers where there is nothing."""
    if world.api.call("GET", "/openapi.json")["openapi"] != "3.1.0":
        raise Failed("/openapi.json is not OpenAPI 3.1")
    if not world.api.call("GET", "/.well-known/jwks.json")["keys"]:
        raise Failed("there is no public key")
    for page, kind in (("/docs", "text/html"), ("/docs/swagger-ui.css", "text/css")):
        status, headers, _ = world.api.fetch("GET", page)
        if status != 200 or not headers["Content-Type"].startswith(kind):
            raise Failed(f"{page} was answered {status}, {headers['Content-Type']}")
    world.api.call("GET", "/nowhere", status=404)
    status, headers, _ = world.api.fetch("GET", "/v1/categories/")
    if (status, headers["Location"]) != (308, "/v1/categories"):
        raise Failed(f"a trailing slash was answered {status}, {headers['Location']}")


def quiet(world):
    """After all that nothing is left lying about, and no function complained of what the checks did not provoke."""
    for name in world.stack.of_type("AWS::SQS::Queue"):
        world.drained(name)
    if world.outbox():
        raise Failed(f"still in the outbox: {world.outbox()}")
    complaints = [entry for entry in world.stack.complaints() if not provoked(world, entry)]
    late = [entry for entry in complaints if str(entry.get("error", "")).endswith("is unavailable: timed out")]
    if len(late) <= LATE:
        kept_waiting = {entry["function"] for entry in late}
        complaints = [entry for entry in complaints if entry not in late and not gave_up(entry, kept_waiting)]
    if complaints:
        raise Failed("\n".join(json.dumps(entry) for entry in complaints))


def gave_up(entry, functions):
    """Whether that is the end of a scheduled run of one of these functions which could not do all of it."""
    return entry["function"] in functions and entry["message"].startswith("Failed(Summary ")


def provoked(world, entry):
    """Whether the checks made a function say that."""
    early = (entry["function"], entry["message"]) == (world.stack.resources["JobsFunction"], TOO_EARLY)
    return early or entry["message"] == PROVOKED


def complete(world):
    """Every function ran, and every right that the template gives one was used: what is not, is too much."""
    started = world.stack.started()
    idle = [name for name, known in world.stack.of_type("AWS::Lambda::Function").items() if known not in started]
    if idle:
        raise Failed(f"never ran: {', '.join(idle)}")
    used = world.stack.used()
    unused = [
        f"{role}: {action} on {resource}"
        for role, known in world.stack.of_type("AWS::IAM::Role").items()
        for action, resource in granted(world.stack.client("iam"), known, f"{role}Policy")
        if not any(
            (known, action) == (user, right) and fnmatch.fnmatchcase(place, resource) for user, right, place in used
        )
    ]
    if unused:
        raise Failed("never used: " + "\n".join(unused))


def granted(iam, role, prefix):
    """The actions and resources of a role's own policies."""
    for statement in (statement for policy in policies(iam, role, prefix) for statement in policy["Statement"]):
        resources = statement["Resource"]
        for resource in [resources] if isinstance(resources, str) else resources:
            for action in statement["Action"]:
                yield action, resource


def policies(iam, role, prefix):
    """A role's policies but SAM's for dead letters, which have other names, and AWS's own, which are in no account."""
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        if name.startswith(prefix):
            yield iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        if arn.split(":")[4] != "aws":
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            yield iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
