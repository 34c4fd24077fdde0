"""Who the stack talks to: a mail server that can refuse, a service of breached passwords, and a client of the API."""

import email
import email.policy
import hashlib
import http.client
import http.server
import json
import threading

from aiosmtpd.controller import Controller

from stack import Failed, free_port


class MailServer:
    """Takes mail over SMTP and keeps it; refuses recipients that it is told to. To be used with `with`."""

    def __init__(self):
        self.refused = set()
        self._mails = []
        self._lock = threading.Lock()
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self.url = f"smtp://127.0.0.1:{self._controller.port}"

    def __enter__(self):
        self._controller.start()
        return self

    def __exit__(self, *_):
        self._controller.stop()

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address in self.refused:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        text = mail.get_body(("plain",)).get_content()
        with self._lock:
            self._mails += [(address, mail["Subject"], text) for address in envelope.rcpt_tos]
        return "250 OK"

    def to(self, address):
        """Subject and text of the mails to an address, oldest first."""
        with self._lock:
            return [(subject, text) for recipient, subject, text in self._mails if recipient == address]


class RangeServer:
    """Knows one password, by the range protocol of Pwned Passwords. To be used with `with`."""

    LEAKED = "leaked horse battery"

    def __init__(self):
        self.asked = []
        asked = self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                prefix = self.path.removeprefix("/range/")
                asked.append(prefix)
                known = hashlib.sha1(RangeServer.LEAKED.encode(), usedforsecurity=False).hexdigest().upper()
                lines = [f"{number:035X}:0" for number in range(800)]
                if known.startswith(prefix):
                    lines.append(f"{known[len(prefix):]}:7")
                content = "\r\n".join(lines).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def fetch(port, method, target, body=None, headers=None):
    """Status, headers and content of an answer of whatever listens on a port of this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


class Api:
    """The HTTP API of a stack, addressed as API Gateway is: by its host name."""

    def __init__(self, stack):
        self._port = stack.port
        self._host = f"{stack.resources['Api']}.execute-api.localhost:{stack.port}"

    def fetch(self, method, path, body=None, headers=None):
        """Status, headers and content of an answer."""
        return fetch(self._port, method, path, body, {"Host": self._host} | (headers or {}))

    def send(self, method, path, *, body=None, token=None, key=None, agent=None, seen=None):
        """Status and JSON of an answer."""
        headers = {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if key:
            headers["Idempotency-Key"] = key
        if seen:
            headers["If-Match"] = seen
        if agent:
            headers["User-Agent"] = agent
        status, _, content = self.fetch(method, path, None if body is None else json.dumps(body), headers)
        return status, json.loads(content) if content else None

    def call(self, method, path, *, status=200, **more):
        """The JSON of an answer, which must have a certain status."""
        actual, content = self.send(method, path, **more)
        if actual != status:
            raise Failed(f"{method} {path} answered {actual} and not {status}: {json.dumps(content)}")
        return content
