"""What must work in a deployed stack. Each check goes on from where the one before it left the world."""

import datetime
import re
import time

from peers import Api
from stack import Failed

SUPER_ADMIN = "super.admin@example.com"
PASSWORD = "correct horse battery"
PROVIDER, CUSTOMER, REFUSED = "provider@example.com", "customer@example.com", "refused@example.com"
# Seconds from setting the calendar to its first slot, at least; all that comes before the request fits in.
LEAD = 20


# Seconds within which everything must have happened that needs no schedule.
SOON = 20


class World:
    """The stack, and what the checks have made in it."""

    def __init__(self, stack, mails, ranges, manage):
        self.stack = stack
        # What runs an operator's command.
        self.manage = manage
        self.mails = mails
        self.ranges = ranges
        self.api = Api(stack)
        self.tokens = {}
        self.service = None
        self.booking = None
        self.unanswered = None
        # Where the job is seen that staff asked for.
        self.job = None
        # A token that the first key has signed.
        self.early = None

    def until(self, what, attempt, seconds=SOON):
        """What `attempt` returns once it returns something; fails where that takes too long or something is refused."""
        deadline = time.monotonic() + seconds
        while True:
            found = attempt()
            if found:
                return found
            self.stack.nothing_refused()
            if time.monotonic() > deadline:
                raise Failed(f"after {seconds:.0f} s still not there: {what}")
            time.sleep(0.05)

    def code(self, address):
        """The eight digits of the first mail to an address."""
        _, text = self.until(f"a mail to {address}", lambda: self.mails.to(address))[0]
        code = re.search(r"^\d{8}$", text.replace("\r\n", "\n"), re.MULTILINE)
        if not code:
            raise Failed(f"no code in the mail to {address}")
        return code.group()

    def found(self, address, pattern):
        """The newest line in the mails to an address that is like a pattern; none where there is none."""
        for _, text in reversed(self.mails.to(address)):
            if line := re.search(pattern, text.replace("\r\n", "\n"), re.MULTILINE):
                return line.group()
        return None

    def mailed(self, address, word, *, first=False):
        """Whether the subject of a mail to an address has a word in it, in small letters, or begins with it."""
        subjects = [subject.lower() for subject, _ in self.mails.to(address)]
        return any(subject.startswith(word) if first else word in subject for subject in subjects)

    def id_of(self, address):
        """The id of whoever has an address, from the table."""
        key = {"PK": {"S": f"EMAIL#{address}"}, "SK": {"S": "EMAIL"}}
        found = self.stack.client("dynamodb").get_item(TableName=self.stack.resources["Table"], Key=key)
        return found["Item"]["user_id"]["S"]

    def outbox(self):
        """The events that were not relayed yet."""
        owed = {"FilterExpression": "begins_with(PK, :owed)", "ExpressionAttributeValues": {":owed": {"S": "OUTBOX#"}}}
        return self.stack.client("dynamodb").scan(TableName=self.stack.resources["Table"], **owed)["Items"]

    def kept(self, bucket):
        """The keys of the objects of a bucket."""
        found = self.stack.client("s3").list_objects_v2(Bucket=self.stack.resources[bucket])
        return [item["Key"] for item in found.get("Contents", [])]

    def queue(self, name):
        """A queue's URL, by the name of its resource."""
        return self.stack.resources[name]

    def drained(self, name):
        """A queue must become empty: each message was handled, and is not waiting to be tried again."""
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        sqs = self.stack.client("sqs")

        def empty():
            found = sqs.get_queue_attributes(QueueUrl=self.queue(name), AttributeNames=counts)["Attributes"]
            return all(found[count] == "0" for count in counts)

        self.until(f"an empty {name}", empty)

    def register(self, address, role, key=None, **more):
        """An account with an address that is not confirmed."""
        account = {"email": address, "password": PASSWORD, "role": role, "first_name": "First", "last_name": "Last"}
        return self.api.call("POST", "/v1/accounts", status=201, body=account | more, key=key)

    def booked(self, slot, key, status=201):
        """What the customer's request for a slot is answered, which must have a certain status."""
        order = {"service_id": self.service, "starts_at": slot}
        return self.api.call("POST", "/v1/bookings", status=status, body=order, token=self.tokens[CUSTOMER], key=key)

    def begin(self, booking):
        """Makes a booking begin a minute ago, in the table: nobody books what has begun."""
        now = datetime.datetime.now(datetime.UTC)
        start, end = (now + datetime.timedelta(minutes=minutes) for minutes in (-1, 59))
        self.stack.client("dynamodb").update_item(
            TableName=self.stack.resources["Table"],
            Key={"PK": {"S": f"BOOKING#{booking}"}, "SK": {"S": "BOOKING"}},
            UpdateExpression="SET starts_at = :start, ends_at = :end ADD v :one",
            ExpressionAttributeValues={
                ":start": {"S": start.strftime("%Y-%m-%dT%H:%M:%SZ")},
                ":end": {"S": end.strftime("%Y-%m-%dT%H:%M:%SZ")},
                ":one": {"N": "1"},
            },
        )

    def slots(self):
        """The starts of the service's free slots of three days."""
        today = datetime.datetime.now(datetime.UTC).date()
        days = f"from={today}&to={today + datetime.timedelta(2)}"
        slots = self.api.call("GET", f"/v1/services/{self.service}/slots?{days}")["items"]
        return [slot["starts_at"] for slot in slots]


def email(world):
    """Accounts are made, and the code comes by mail: HTTP, table, stream, relay, queue, worker, SMTP."""
    world.register(PROVIDER, "provider")
    world.register(CUSTOMER, "customer")
    for address in (PROVIDER, CUSTOMER):
        code = world.code(address)
        confirmation = {"email": address, "code": code}
        world.api.call("POST", "/v1/email-confirmations", status=204, body=confirmation)
    # Somebody else tries the address: nobody but its owner is told.
    world.register(CUSTOMER, "customer", key="check-register")
    world.until("the mail about the second try", lambda: len(world.mails.to(CUSTOMER)) > 1)
    world.drained("EmailQueue")


def main_job(world):
    """A provider offers a service, a customer books it, the provider confirms; nobody else gets that time."""
    for address in (PROVIDER, CUSTOMER):
        credentials = {"email": address, "password": PASSWORD}
        session = world.api.call("POST", "/v1/sessions", status=201, body=credentials)
        world.tokens[address] = session["access_token"]
    provider, customer = world.tokens[PROVIDER], world.tokens[CUSTOMER]
    world.api.call("PUT", "/v1/me/calendar", body=calendar(), token=provider)
    draft = {
        "title": "Massage",
        "description": "One hour.",
        "category": "massage",
        "price": {"amount": 6500, "currency": "eur"},
        "duration_minutes": 60,
        "location_kind": "at_provider",
    }
    # Twice, as after a lost answer.
    for _ in range(2):
        made = world.api.call("POST", "/v1/services", status=201, body=draft, token=provider, key="check-service")
        if made["id"] != (world.service or made["id"]):
            raise Failed("the same request made two services")
        world.service = made["id"]
    world.api.call("POST", f"/v1/services/{world.service}/publish", token=provider)
    first, *_, last = world.slots()
    world.unanswered = world.booked(first, "check-first-slot")["id"]
    world.booking = world.booked(last, "check-last-slot")["id"]
    world.booked(last, "check-taken-slot", 409)
    world.api.call("POST", f"/v1/bookings/{world.booking}/confirm", token=provider)
    expect_status(world, world.booking, "confirmed")
    world.until("the mail about the confirmed booking", lambda: world.mailed(CUSTOMER, "confirmed"))
    listed = world.api.call("GET", "/v1/bookings", token=customer)["items"]
    if {item["id"] for item in listed} != {world.booking, world.unanswered}:
        raise Failed(f"the customer's bookings are {listed}")


def calendar():
    """Open for four hours each day, from the next minute on: the first slot is about to begin."""
    start = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=LEAD + 60)
    # In a zone where it is about noon, so that no window goes over midnight. Its name has the sign turned round.
    hours = 12 - start.hour
    local = f"{start.hour + hours:02}:{start.minute:02}"
    window = {"start": local, "end": f"16:{start.minute:02}"}
    return {
        "time_zone": f"Etc/GMT{-hours:+d}",
        "weekly": [{"day": day, **window} for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")],
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
        "min_notice_minutes": 0,
        "horizon_days": 30,
        "slot_step_minutes": 60,
    }


def expect_status(world, booking, status):
    """A booking must be in a certain state, as its customer sees it."""
    found = world.api.call("GET", f"/v1/bookings/{booking}", token=world.tokens[CUSTOMER])
    if found["status"] != status:
        raise Failed(f"the booking is {found['status']} and not {status}")


def dead_letters(world):
    """What can never work is put aside at once, with the reason; brought back when it can work, it is handled."""
    sqs = world.stack.client("sqs")
    for name in ("EmailQueue", "SocketQueue", "JobsQueue", "MediaQueue"):
        sqs.send_message(QueueUrl=world.queue(name), MessageBody="no event")
        poison = await_aside(world, name.replace("Queue", "DeadLetterQueue"))
        if poison["Body"] != "no event":
            raise Failed(f"put aside was {poison['Body']}")
    world.mails.refused.add(REFUSED)
    world.register(REFUSED, "customer")
    refused = await_aside(world, "EmailDeadLetterQueue")
    world.mails.refused.clear()
    # What StartMessageMoveTask does, which MiniStack 1.5.33 lacks.
    sqs.send_message(QueueUrl=world.queue("EmailQueue"), MessageBody=refused["Body"])
    world.code(REFUSED)


def await_aside(world, name):
    """Takes the next message of a dead-letter queue; it must say why it is there."""
    sqs, queue = world.stack.client("sqs"), world.queue(name)

    def receive():
        return sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"]).get("Messages")

    message = world.until(f"a message in {name}", receive)[0]
    if not message.get("MessageAttributes", {}).get("reason", {}).get("StringValue"):
        raise Failed(f"a message in {name} without a reason: {message}")
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return message


def sweep(world):
    """What the stream does not bring out, the sweep does a minute later, to each queue."""
    mapping = {"UUID": world.stack.resources["RelayFunctionOutbox"]}
    world.stack.client("lambda").update_event_source_mapping(**mapping, Enabled=False)
    slot = world.slots()[-1]
    booking = world.booked(slot, "check-declined")["id"]
    provider = world.tokens[PROVIDER]
    world.api.call("POST", f"/v1/bookings/{booking}/decline", body={"reason": "Ill."}, token=provider)
    if slot not in world.slots():
        raise Failed("the time of a declined request is not free")
    world.api.call("DELETE", "/v1/me/photo", status=204, token=provider)
    unwanted, reason = f"/v1/admin/users/{world.id_of(REFUSED)}", {"reason": "A check."}
    job = world.api.call("DELETE", unwanted, status=202, body=reason, token=world.tokens[SUPER_ADMIN])
    world.job = f"/v1/jobs/{job['id']}"
    if not world.outbox():
        raise Failed("nothing waits in the outbox")
    # A declined series is another mail.
    world.until("the mail about the declined request", lambda: world.mailed(CUSTOMER, "declined", first=True), 60 + SOON)
    world.until("the photo's end", lambda: not world.kept("PublicBucket"))
    world.stack.client("lambda").update_event_source_mapping(**mapping, Enabled=True)
    world.until("an empty outbox", lambda: not world.outbox())


def schedule(world):
    """A request that nobody answers expires when its slot begins: its customer is told, which no reading does."""
    found = world.api.call("GET", f"/v1/bookings/{world.unanswered}", token=world.tokens[CUSTOMER])
    begins = datetime.datetime.fromisoformat(found["answer_by"]).timestamp()
    wait = max(begins - time.time(), 0) + SOON
    if wait > LEAD + 60 + SOON:
        raise Failed("the slot about to begin was over before it was asked for: the machine is too slow")
    world.until("the mail about the expired request", lambda: world.mailed(CUSTOMER, "expired"), wait)
    expect_status(world, world.unanswered, "expired")
