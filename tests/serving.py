"""A small server that plays Google's token endpoint, Vertex AI and chat completions, and every fault of theirs."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from asked import Asked, lower

TOKEN = "ya29.token-of-the-test-0123456789"
API_KEY = "sk-key-of-the-test-0123456789"
PROJECT, LOCATION, GEMINI = "a-project", "europe-west4", "gemini-3.5-flash-lite"

GOOD: dict[str, Any] = {
    "prose": "A woman in a medium shot, seen from the front, smiles. She wears an orange suit. The light is soft.",
    "tags": ["medium shot", "facing the camera", "smiling", "orange space suit", "soft light"],
    "seen": {
        "framing": "mid",
        "view": "front",
        "pose": "standing upright",
        "gaze": "at the camera",
        "expression": "smiling",
        "clothing": ["orange space suit"],
        "light": "soft",
    },
    "left_out": [{"what": "brown hair", "why": "permanent"}, {"what": "NASA patch", "why": "text"}],
}
USED_IN, USED_OUT = 1500, 300


@dataclass
class Service:
    """What the server has seen, and what it shall do next: a name of FAULTS for each request, then `usual`.

    listed: the paths of requests for a list of models.
    """

    url: str = ""
    script: deque[str] = field(default_factory=deque)
    usual: str = "good"
    answer: Callable[[int], dict[str, Any]] = lambda number: GOOD
    second: list[dict[str, str]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    tokens: int = 0
    token_script: deque[str] = field(default_factory=deque)
    busy: int = 0
    busiest: int = 0
    pause_s: float = 0.0
    used: tuple[int, int] = (USED_IN, USED_OUT)
    models: list[str] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def sent(self) -> int:
        return len(self.asked)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: Service

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/token":
            self._token(content.decode())
            return
        service = self.service
        with service.lock:
            number = len(service.asked)
            service.asked.append(Asked(time.monotonic(), self.path, lower(self.headers), json.loads(content)))
            act = service.script.popleft() if service.script else service.usual
            service.busy += 1
            service.busiest = max(service.busiest, service.busy)
        try:
            service.stop.wait(service.pause_s)
            FAULTS[act](self, number)
        finally:
            with service.lock:
                service.busy -= 1

    def do_GET(self) -> None:
        """The listing of models, in both protocols."""
        self.service.listed.append(self.path)
        if self.service.usual != "good":
            FAULTS[self.service.usual](self, 0)
        elif not (self.headers["Authorization"] or "").endswith((TOKEN, API_KEY)):
            self.fault(401, "Bad credentials.")
        elif "/publishers/" in self.path:
            names = [{"name": f"publishers/google/models/{name}"} for name in self.service.models]
            self.json(200, {"publisherModels": names})
        else:
            data = [{"id": name, "object": "model", "created": 1, "owned_by": "me"} for name in self.service.models]
            self.json(200, {"object": "list", "data": data})

    def _token(self, asked: str) -> None:
        with self.service.lock:
            self.service.tokens += 1
            act = self.service.token_script.popleft() if self.service.token_script else "good"
        if act == "refused":
            self.json(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        elif act == "echo":
            self.json(400, {"error": "invalid_grant", "error_description": f"You sent {asked}"})
        elif act == "500":
            self.json(503, {"error": "internal_failure"})
        else:
            self.json(200, {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"})

    @property
    def gemini(self) -> bool:
        return self.path.endswith(":generateContent")

    def allowed(self) -> bool:
        return self.headers["Authorization"] == f"Bearer {TOKEN if self.gemini else API_KEY}"

    def reply(self, text: str | None, finish: str = "", *, usage: bool = True, **more: Any) -> None:
        """An answer in the protocol that was asked in. more: fields of the message or of the candidate."""
        if not self.allowed():
            self.fault(401, f"Bad credentials: {self.headers['Authorization']}")
        elif self.gemini:
            parts = [{"text": "I look at the figure.", "thought": True}, {"text": text}]
            content = {"role": "model"} | ({"parts": parts} if text is not None else {})
            body: dict[str, Any] = {"candidates": [{"content": content, "finishReason": finish or "STOP", **more}]}
            sent, written = self.service.used
            counts = {"promptTokenCount": sent, "candidatesTokenCount": written - 100, "thoughtsTokenCount": 100}
            self.json(200, body | ({"usageMetadata": counts} if usage else {}))
        else:
            message = {"role": "assistant", "content": text, **more}
            body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}
            body["choices"] = [{"index": 0, "message": message, "finish_reason": finish or "stop"}]
            sent, written = self.service.used
            counts = {"prompt_tokens": sent, "completion_tokens": written, "total_tokens": sent + written}
            self.json(200, body | ({"usage": counts} if usage else {}))

    def fault(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        """An error in the form of both protocols."""
        self.json(status, {"error": {"code": status, "message": message, "status": "ERROR", "type": "e"}}, headers)

    def json(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        self.raw(status, json.dumps(body).encode(), "application/json", headers)

    def raw(self, status: int, content: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def good(self, number: int) -> None:
        """A caption, or what a second look at one finds."""
        again = self.service.asked[number].is_second
        self.reply(json.dumps({"findings": self.service.second} if again else self.service.answer(number)))

    def reset(self, _number: int) -> None:
        """The connection is torn down before an answer."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def hang(self, _number: int) -> None:
        self.service.stop.wait(30)
        self.close_connection = True

    def drip(self, _number: int) -> None:
        """Headers, then a byte now and then: no single read ever takes long."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while not self.service.stop.wait(0.05):
            try:
                self.wfile.write(b" ")
                self.wfile.flush()
            except OSError:
                break
        self.close_connection = True

    def cut_short(self, _number: int) -> None:
        """The body ends before its length."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "5000")
        self.end_headers()
        self.wfile.write(b'{"candidates": [')
        self.close_connection = True

    def refused(self, _number: int) -> None:
        if self.gemini:
            self.json(
                200, {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": USED_IN}}
            )
        else:
            self.reply(None, refusal="I cannot describe this person.")

    def stopped(self, _number: int) -> None:
        self.reply(None, "SAFETY" if self.gemini else "content_filter")

    def cut_off(self, _number: int) -> None:
        self.reply('{"prose": "A woman in a', "MAX_TOKENS" if self.gemini else "length")

    def lies(self, _number: int) -> None:
        """The right fields, every one of another type than it says."""
        if self.gemini:
            self.json(200, {"candidates": {"content": "x"}, "usageMetadata": {"promptTokenCount": "many"}})
        else:
            self.json(200, {"choices": "none", "usage": ["x"], "object": 3})


def _told(status: int, message: str, **headers: str) -> Callable[[Handler, int], None]:
    return lambda handler, number: handler.fault(status, message, headers)


def _said(text: str | None, **more: Any) -> Callable[[Handler, int], None]:
    return lambda handler, number: handler.reply(text, **more)


def _page(status: int, kind: str) -> Callable[[Handler, int], None]:
    page = b"<!doctype html><title>Sign in</title><p>Please sign in."
    return lambda handler, number: handler.raw(status, page, kind)


FAULTS: dict[str, Callable[[Handler, int], None]] = {
    "good": Handler.good,
    "429": _told(429, "Quota exceeded.", **{"Retry-After": "0"}),
    "500": _told(500, "Internal."),
    "503": _told(503, "Overloaded."),
    "400": _told(400, "Image too small."),
    "401": _told(401, "Bad credentials."),
    "403": _told(403, "Permission denied."),
    "404": _told(404, "No such model."),
    "echo": lambda handler, number: handler.fault(403, f"You sent {handler.headers['Authorization']}"),
    "echo 400": lambda handler, number: handler.fault(400, f"You sent {handler.headers['Authorization']}"),
    "echo answer": lambda handler, number: handler.reply(f"You sent {handler.headers['Authorization']}"),
    "reset": Handler.reset,
    "hang": Handler.hang,
    "drip": Handler.drip,
    "cut short": Handler.cut_short,
    "html": _page(200, "text/html"),
    "html as json": _page(200, "application/json"),
    "html 502": _page(502, "text/html"),
    "refused": Handler.refused,
    "stopped": Handler.stopped,
    "empty": _said(""),
    "nothing": _said(None),
    "cut off": Handler.cut_off,
    "broken json": _said('{"prose": "A woman'),
    "wrong schema": _said(json.dumps({"caption": "A woman"})),
    "fenced": lambda handler, number: handler.reply(f"```json\n{json.dumps(GOOD)}\n```"),
    "uncounted": lambda handler, number: handler.reply(json.dumps(GOOD), usage=False),
    "lies": Handler.lies,
    "to be continued": lambda handler, number: handler.reply('{"prose"', "CONTINUATION", continuationToken="more"),
    "not gzip": lambda handler, number: handler.raw(
        200, b'{"candidates": []}', "application/json", {"Content-Encoding": "gzip"}
    ),
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients of these tests go away in the middle."""


@contextmanager
def serving() -> Iterator[Service]:
    """A server on a free port, until the end."""
    service = Service()
    server = _Server(("127.0.0.1", 0), type("Bound", (Handler,), {"service": service}))
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    before = os.environ.get("NO_PROXY")
    os.environ["NO_PROXY"] = "127.0.0.1"
    try:
        yield service
    finally:
        if before is None:
            del os.environ["NO_PROXY"]
        else:
            os.environ["NO_PROXY"] = before
        service.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()
