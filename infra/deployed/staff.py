"""The checks of what staff do."""

import base64
import hmac
import struct
import time
import urllib.parse

import manage
from checks import CUSTOMER, PASSWORD, SOON, SUPER_ADMIN
from peers import fetch
from stack import Failed

SUPPORT = "support@example.com"


def appoint(world, address, role):
    """Makes somebody a member of staff, by an operator's command as the first of them has to be; signed in."""
    user = manage.create(world, address, role)
    credentials = {"email": address, "password": PASSWORD}
    session = world.api.call("POST", "/v1/sessions", status=201, body=credentials)
    if role == "super_admin":
        world.api.call("GET", "/v1/admin/users", status=403, token=session["access_token"])
        session, _, _ = enrol(world, session)
    world.tokens[address] = session["access_token"]
    return user


def totp(secret, later=0):
    """The code of an authenticator app (RFC 6238), so many steps from now."""
    step = struct.pack(">Q", int(time.time()) // 30 + later)
    tag = hmac.digest(base64.b32decode(secret), step, "sha1")
    number = struct.unpack_from(">I", tag, tag[-1] & 15)[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def enrol(world, session):
    """Turns on the second factor of whoever is signed in; the session that goes on, the secret, the recovery codes."""
    token = session["access_token"]
    secret = world.api.call("POST", "/v1/me/totp", status=201, body={"password": PASSWORD}, token=token)["secret"]
    codes = world.api.call("POST", "/v1/me/totp/confirm", body={"code": totp(secret)}, token=token)["recovery_codes"]
    again = world.api.call("POST", "/v1/sessions/refresh", body={"refresh_token": session["refresh_token"]})
    return again, secret, codes


def second_factor(world, admin):
    """A customer turns a second factor on, signs in with it, and off again; staff turn off another one that is lost."""
    call, credentials = world.api.call, {"email": CUSTOMER, "password": PASSWORD}
    session, _, codes = enrol(world, call("POST", "/v1/sessions", status=201, body=credentials))
    call("POST", "/v1/sessions", status=401, body=credentials)
    call("POST", "/v1/sessions", status=401, body=credentials | {"code": "bbbb-bbbb-bbbb"})
    session = call("POST", "/v1/sessions", status=201, body=credentials | {"code": codes[0]})
    token = session["access_token"]
    both = {"password": PASSWORD, "code": codes[1]}
    codes = call("POST", "/v1/me/totp/recovery-codes", body=both, token=token)["recovery_codes"]
    both["code"] = codes[0]
    call("DELETE", "/v1/me/totp", status=204, body=both, token=token)
    enrol(world, call("POST", "/v1/sessions", status=201, body=credentials))
    call("DELETE", f"/v1/admin/users/{world.id_of(CUSTOMER)}/totp", status=204, token=admin)
    world.tokens[CUSTOMER] = call("POST", "/v1/sessions", status=201, body=credentials)["access_token"]
    settings = "/v1/admin/settings/security"
    call("PUT", settings, status=428, body={"second_factor_roles": []}, token=admin)
    shown = call("GET", settings, token=admin)
    if call("PUT", settings, body={"second_factor_roles": []}, token=admin, seen="*") != shown:
        raise Failed(f"the settings were {shown}")


def administration(world):
    """A super admin grants a permission to somebody of support, who then sees a customer."""
    appoint(world, SUPER_ADMIN, "super_admin")
    support = appoint(world, SUPPORT, "management")
    customer = f"/v1/admin/users/{world.id_of(CUSTOMER)}"
    world.api.call("GET", customer, status=403, token=world.tokens[SUPPORT])
    permissions = f"/v1/admin/users/{support}/permissions"
    granted = {"permissions": ["user_management"]}
    world.api.call("PUT", permissions, body=granted, token=world.tokens[SUPER_ADMIN], seen="*")
    shown = world.api.call("GET", permissions, token=world.tokens[SUPER_ADMIN])["permissions"]
    if [grant["permission"] for grant in shown] != granted["permissions"]:
        raise Failed(f"the permissions are {shown}")
    if world.api.call("GET", customer, token=world.tokens[SUPPORT])["email"] != CUSTOMER:
        raise Failed("support sees another account")
    accounts(world, world.id_of(CUSTOMER))
    second_factor(world, world.tokens[SUPER_ADMIN])
    second(world)
    path, wanted = f"/v1/admin/users/{support}/role", {"role": "accountant"}
    if world.api.call("PUT", path, body=wanted, token=world.tokens[SUPER_ADMIN])["role"] != "accountant":
        raise Failed("the role did not change")


def accounts(world, customer):
    """The super admin finds a customer in each way, and does to the account what staff can; it ends as it was."""
    token = world.tokens[SUPER_ADMIN]
    for query in ("limit=100", "role=customer", f"email={CUSTOMER}", f"q={CUSTOMER[:8]}"):
        found = [item["id"] for item in world.api.call("GET", f"/v1/admin/users?{query}", token=token)["items"]]
        if customer not in found:
            raise Failed(f"{query} does not find the customer: {found}")
    path = f"/v1/admin/users/{customer}"
    name = world.api.call("GET", path, token=token)["first_name"]
    for changed in ("Renamed", name):
        shown = world.api.call("PATCH", path, body={"first_name": changed}, token=token, seen="*")
        if shown["first_name"] != changed:
            raise Failed(f"the customer's name is {shown['first_name']}")
    for act, status in (("disable", "disabled"), ("enable", "active")):
        shown = world.api.call("POST", f"{path}/{act}", body={"reason": "A check."}, token=token)
        if shown["status"] != status:
            raise Failed(f"after {act} the customer is {shown['status']}")
    world.api.call("PATCH", path, status=428, body={}, token=token)
    world.api.call("PATCH", path, body={"phone": "+12015550125"}, token=token, seen="*")
    world.api.call("POST", f"{path}/unlock", status=204, token=token)
    waiting = world.register("waiting@example.com", "customer")["id"]
    world.api.call("POST", f"/v1/admin/users/{waiting}/confirmation-code", status=202, token=token)
    world.api.call("DELETE", f"{path}/sessions", status=204, token=token)
    many(world, customer)
    credentials = {"email": CUSTOMER, "password": PASSWORD}
    world.tokens[CUSTOMER] = world.api.call("POST", "/v1/sessions", status=201, body=credentials)["access_token"]


def many(world, customer):
    """The same for many at once, told first and then done; and for so many that a job does it."""
    token = world.tokens[SUPER_ADMIN]
    path, ask = "/v1/admin/users/bulk", {"operation": "end_sessions", "ids": [customer]}
    for dry_run in (True, False):
        # Twice, as after a lost answer.
        for _ in range(2):
            body = ask | {"dry_run": dry_run}
            done = world.api.call("POST", path, body=body, token=token, key=f"check-bulk-{dry_run}")
            if [result["outcome"] for result in done["results"]] != ["changed"]:
                raise Failed(f"of one account it came to {done}")
    for number, by in enumerate(({"email": CUSTOMER}, {"q": CUSTOMER[:8]}, {"role": "customer"}, {"confirmed": True})):
        found = {"operation": "end_sessions", "filter": by, "dry_run": True}
        told = world.api.call("POST", path, body=found, token=token, key=f"check-bulk-filter-{number}")["results"]
        if customer not in [result["user_id"] for result in told]:
            raise Failed(f"{by} does not find the customer: {told}")
    nobody = [f"usr_01KB2Q7S3H8Z6W4V5N9RX{number:05}" for number in range(101)]
    job = {"operation": "disable", "reason": "A check.", "ids": nobody, "dry_run": False}
    job = world.api.call("POST", path, status=202, body=job, token=token, key="check-bulk-job")
    place = f"/v1/jobs/{job['id']}"
    world.until("the job's end", lambda: world.api.call("GET", place, token=token)["state"] == "done")
    page = world.api.call("GET", f"{place}/results?limit=100", token=token)
    if {result["code"] for result in page["items"]} != {"not_found"} or not page["next_cursor"]:
        raise Failed(f"of nobody it came to {page}")


def second(world):
    """The super admin makes a second one, twice as after a lost answer."""
    token = world.tokens[SUPER_ADMIN]
    account = {
        "email": "second.admin@example.com",
        "role": "super_admin",
        "first_name": "Second",
        "last_name": "Admin",
    }
    made = {
        world.api.call("POST", "/v1/admin/users", status=201, body=account, token=token, key="check-user")["id"]
        for _ in range(2)
    }
    if len(made) != 1:
        raise Failed(f"the same request made {made}")
    call, address = world.api.call, account["email"]
    call("POST", "/v1/sessions", status=401, body={"email": address, "password": PASSWORD})
    call("POST", f"/v1/admin/users/{made.pop()}/confirmation-code", status=202, token=token)
    invited = lambda: [text for subject, text in world.mails.to(address) if "invited" in subject.lower()]
    world.until("two invitations", lambda: len(invited()) > 1)
    chosen = {"token": world.found(address, r"^[\w-]{43}$"), "new_password": PASSWORD}
    call("POST", "/v1/password-resets/complete", status=204, body=chosen)
    call("POST", "/v1/sessions", status=201, body={"email": address, "password": PASSWORD})


def export(world):
    """The super admin has customers written into a file, twice as after a lost answer, and fetches it by its link."""
    call, token = world.api.call, world.tokens[SUPER_ADMIN]
    ask = {"filter": {"role": "customer"}}
    begun = {
        call("POST", "/v1/admin/users/export", status=202, body=ask, token=token, key="check-export")["id"]
        for _ in range(2)
    }
    if len(begun) != 1:
        raise Failed(f"the same request began {begun}")
    path = f"/v1/jobs/{begun.pop()}"
    world.until("the export", lambda: call("GET", path, token=token)["state"] == "done", 60 + SOON)
    [file] = call("GET", path, token=token)["files"]
    place = urllib.parse.urlsplit(file["url"])
    status, headers, content = fetch(place.port, "GET", f"{place.path}?{place.query}")
    if status != 200 or not headers["Content-Disposition"].startswith('attachment; filename="users-'):
        raise Failed(f"{place.path} was answered {status}, {headers['Content-Disposition']}: {content[:200]}")
    lines = content.decode().split("\r\n")
    if len(lines) != file["rows"] + 2 or not any(CUSTOMER in line for line in lines):
        raise Failed(f"{file['rows']} accounts are {lines}")
    status, _, _ = fetch(place.port, "GET", place.path)
    if status != 403:
        raise Failed(f"{place.path} was answered {status} to somebody unknown")
