"""The checks of what people do with their own accounts: telephone number, e-mail address, and the export."""

from checks import CUSTOMER, PASSWORD, PROVIDER
from stack import Failed

PHONE, OTHER = "+12015550123", "+12015550124"
CODE = r"^\d{8}$"


def numbers(world):
    """A customer sets a number twice and confirms the second; somebody who registered with it goes without."""
    call, token = world.api.call, world.tokens[CUSTOMER]
    for sent, phone in enumerate((OTHER, PHONE)):
        call("PATCH", "/v1/me", body={"phone": phone}, token=token)
        world.until("the code", lambda sent=sent: count(world, CUSTOMER, "telephone number") > sent)
    code = {"code": world.found(CUSTOMER, CODE)}
    if call("GET", "/v1/me", token=token)["phone_confirmed"]:
        raise Failed("the number is confirmed already")
    call("POST", "/v1/me/phone/confirm", status=204, body=code, token=token)
    shown = call("GET", "/v1/me", token=token)
    if (shown["phone"], shown["phone_confirmed"]) != (PHONE, True):
        raise Failed(f"the number is {shown}")
    address = "same.number@example.com"
    world.register(address, "customer", phone=PHONE)
    call("POST", "/v1/email-confirmations", status=204, body={"email": address, "code": world.code(address)})
    session = call("POST", "/v1/sessions", status=201, body={"email": address, "password": PASSWORD})
    if not session["user"]["phone_taken"]:
        raise Failed(f"two have one number: {session['user']}")
    call("PATCH", "/v1/me", status=409, body={"phone": PHONE}, token=session["access_token"])


def addresses(world):
    """Somebody moves to another address; the one of a customer is not to be had."""
    call, old, new = world.api.call, "old.address@example.com", "new.address@example.com"
    world.register(old, "customer")
    call("POST", "/v1/email-confirmations", status=204, body={"email": old, "code": world.code(old)})
    session = call("POST", "/v1/sessions", status=201, body={"email": old, "password": PASSWORD})
    token = session["access_token"]
    for wanted in (CUSTOMER, new):
        call("POST", "/v1/me/email", status=202, body={"password": PASSWORD, "email": wanted}, token=token)
    code = world.until("the code", lambda: world.found(new, CODE))
    call("POST", "/v1/me/email/confirm", status=204, body={"code": code}, token=token)
    call("POST", "/v1/sessions", status=401, body={"email": old, "password": PASSWORD})
    call("POST", "/v1/sessions", status=201, body={"email": new, "password": PASSWORD})
    world.until("the mail about it", lambda: world.mailed(old, "address was changed"))


def export(world):
    """Provider and customer get all that is kept of them, as a file; staff did nothing to either yet."""
    for who, bookings in ((PROVIDER, "bookings_taken"), (CUSTOMER, "bookings_made")):
        token = world.tokens[who]
        bearer = {"Authorization": f"Bearer {token}"}
        status, headers, _ = world.api.fetch("GET", "/v1/me/export", headers=bearer)
        if status != 200 or not headers["Content-Disposition"].startswith('attachment; filename="banister-export-'):
            raise Failed(f"the export was answered {status}, {headers['Content-Disposition']}")
        kept = world.api.call("GET", "/v1/me/export", token=token)
        if kept["account"]["email"] != who or kept["unreadable"] or kept["next_cursor"]:
            raise Failed(f"the export begins with {kept['account']}, {kept['unreadable']}, {kept['next_cursor']}")
        empty = [name for name in ("sessions", bookings, "audit_about") if not kept[name]]
        if empty or not kept[bookings][0]["history"]:
            raise Failed(f"nothing in {empty} of {who}, or no history")


def count(world, address, words):
    """How many mails to an address have some words in their subject."""
    return sum(words in subject for subject, _ in world.mails.to(address))
