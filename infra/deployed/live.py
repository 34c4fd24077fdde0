"""The checks of what is not plain HTTP: the WebSocket API and the buckets."""

import json
import struct
import urllib.parse
import zlib

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect

import expand
from checks import CUSTOMER, PROVIDER, SOON
from peers import fetch
from stack import Failed

ORIGIN = expand.TEMPLATE_CHECK.PARAMETERS["CorsOrigins"][0]
# The side of the picture that is uploaded, in pixels; larger than the largest square that is made of it.
SIDE = 640


def ticket(world, address):
    """Where somebody may connect, once."""
    made = world.api.call("POST", "/v1/chat/tickets", status=201, token=world.tokens[address])
    if made["ticket"] not in made["url"] or made["expires_in"] <= 0:
        raise Failed(f"no good ticket: {sorted(made)}")
    return made["url"]


def frame(world, connection):
    """The next frame, as JSON."""

    def receive():
        try:
            return connection.recv(timeout=0.2)
        except TimeoutError:
            return None
        except WebSocketException as error:
            raise Failed(f"no frame came: {error!r}") from error

    return json.loads(world.until("a frame", receive))


def ask(world, connection, text, expected):
    """Sends a frame; the answer must have the type expected."""
    connection.send(text)
    answer = frame(world, connection)
    if answer.get("type") != expected:
        raise Failed(f"the answer to {text} was {answer}")


def refuse(url, origin):
    """Nobody may connect to `url` from `origin`."""
    try:
        with connect(url, origin=origin, open_timeout=SOON):
            pass
    except (InvalidStatus, ConnectionError, WebSocketException):
        return
    raise Failed("a connection was let in that should have been refused")


def sockets(world):
    """The connections that the table knows of."""
    found = world.stack.client("dynamodb").scan(
        TableName=world.stack.resources["Table"],
        FilterExpression="begins_with(SK, :socket)",
        ExpressionAttributeValues={":socket": {"S": "SOCKET#"}},
    )
    return found["Items"]


def websocket(world):
    """A ticket opens a connection once; frames are answered; what one side does reaches the other; leaving is noted."""
    refuse(ticket(world, CUSTOMER), "https://elsewhere.example.com")
    url = ticket(world, CUSTOMER)
    with connect(url, origin=ORIGIN, open_timeout=SOON) as connection:
        refuse(url, ORIGIN)
        ask(world, connection, '{"action":"ping"}', "pong")
        ask(world, connection, "no JSON", "error")
        cancel = f"/v1/bookings/{world.booking}/cancel"
        world.api.call("POST", cancel, body={"reason": "Ill."}, token=world.tokens[PROVIDER])
        push = frame(world, connection)
        if (push.get("type"), push.get("booking_id"), push.get("status")) != (
            "booking.changed",
            world.booking,
            "cancelled",
        ):
            raise Failed(f"pushed was {push}")
        if len(sockets(world)) != 1:
            raise Failed(f"the table has these connections: {sockets(world)}")
    world.until("the connection's end in the table", lambda: not sockets(world))
    world.drained("SocketQueue")


def leaving(world):
    """The service is taken back; who signs out everywhere is disconnected."""
    world.api.call("DELETE", f"/v1/services/{world.service}", status=204, token=world.tokens[PROVIDER])
    with connect(ticket(world, CUSTOMER), origin=ORIGIN, open_timeout=SOON) as connection:
        world.api.call("DELETE", "/v1/sessions", status=204, token=world.tokens[CUSTOMER])
        try:
            raise Failed(f"instead of the end came {connection.recv(timeout=SOON)}")
        except ConnectionClosed:
            pass
        except TimeoutError:
            raise Failed("the connection of an ended session stays open") from None
    world.until("the connection's end in the table", lambda: not sockets(world))


def photo(world):
    """A picture is uploaded by a signed request; three squares of it are shown by the distribution, and by it alone."""
    picture = png(SIDE, SIDE - 160)
    wanted = {"content_type": "image/png", "size": len(picture)}
    upload = world.api.call("POST", "/v1/me/photo", status=201, body=wanted, token=world.tokens[PROVIDER])["upload"]
    place = urllib.parse.urlsplit(upload["url"])
    told_too_early(world, place)
    target = f"{place.path}?{place.query}"
    headers = {name: str(value) for name, value in upload["headers"].items()}
    status, _, answer = fetch(place.port, "PUT", target, picture, headers | {"Content-Type": "text/html"})
    if status != 403:
        raise Failed(f"an upload of another type than the signed one was answered {status}: {answer}")
    status, _, answer = fetch(place.port, upload["method"], target, picture, headers)
    if status != 200:
        raise Failed(f"the upload was answered {status}: {answer}")

    def ready():
        found = world.api.call("GET", "/v1/me", token=world.tokens[PROVIDER])["photo"]
        if found["status"] == "rejected":
            raise Failed(f"the photo was rejected: {found}")
        return found["status"] == "ready" and found

    urls = world.until("the photo", ready)["urls"]
    for url in urls.values():
        shown(world, url)
    world.drained("MediaQueue")
    if world.kept("PrivateBucket") or len(world.kept("PublicBucket")) != len(urls):
        raise Failed(f"kept are {world.kept('PrivateBucket')} and {world.kept('PublicBucket')}")


def upload(world, token):
    """Sends a picture; what becomes of it shows in the account."""
    picture = png(SIDE, SIDE)
    wanted = {"content_type": "image/png", "size": len(picture)}
    begun = world.api.call("POST", "/v1/me/photo", status=201, body=wanted, token=token)["upload"]
    place = urllib.parse.urlsplit(begun["url"])
    headers = {name: str(value) for name, value in begun["headers"].items()}
    status, _, answer = fetch(place.port, begun["method"], f"{place.path}?{place.query}", picture, headers)
    if status != 200:
        raise Failed(f"the upload was answered {status}: {answer}")


def told_too_early(world, place):
    """The worker hears of an upload that is not there: nothing comes of it, and it is no failure."""
    bucket, key = world.stack.resources["PrivateBucket"], place.path[place.path.index("uploads/") :]
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": bucket}, "object": {"key": key}}}
    queue = world.queue("MediaQueue")
    world.stack.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps({"Records": [record]}))
    world.drained("MediaQueue")


def shown(world, url):
    """A public URL must show a JPEG through the distribution, and the bucket itself must show nothing."""
    place = urllib.parse.urlsplit(url)
    # As the viewer's TLS would have it, which ends before CloudFront's own work.
    viewer = {"Host": place.netloc, "X-Forwarded-Proto": "https"}
    status, headers, content = fetch(world.stack.port, "GET", place.path, headers=viewer)
    if status != 200 or headers["Content-Type"] != "image/jpeg" or not content.startswith(b"\xff\xd8"):
        raise Failed(f"{url} was answered {status}, {headers['Content-Type']}, {content[:200]}")
    direct = f"/{world.stack.resources['PublicBucket']}{place.path}"
    status, _, _ = fetch(world.stack.port, "GET", direct)
    if status != 403:
        raise Failed(f"{direct} was answered {status} to somebody unknown")


def png(width, height):
    """A picture: a slope of grey."""
    rows = b"".join(b"\0" + bytes((x + y) % 256 for x in range(width)) for y in range(height))
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
