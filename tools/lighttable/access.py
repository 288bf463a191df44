"""Access: who may ask what. A gate before everything else: host, sign-in, where a request comes from, what it asks.

Nothing behind the gate is reached without a signed cookie, and nothing is written but by the acts of our own pages.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SIGN_IN = "/-/sign-in"
ACTOR = {"id": "reviewer"}
"""Whom Datasette sees. A user called root must not be what it calls root, who may see its own tables."""
STATIC = "/-/table/"
MAX_BODY_BYTES = 2_000_000
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""No script or style but from our own files; an attribute may set a size or a share."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


@dataclass
class Access:
    """Who may come in. token: of the link, good for one sign-in; then there is another.

    port: on which the table is served. acts: the addresses that take a POST. ours: the words below `/-/` that answer.
    used: called with the next token when one was used. closed: why nothing is shown any more, or ''.
    """

    port: int
    reviewer: str
    acts: frozenset[str]
    ours: frozenset[str]
    used: Callable[[str], None] = lambda _token: None
    closed: Callable[[], str] = lambda: ""
    secret: str = field(default_factory=lambda: secrets.token_hex(32))
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @property
    def hosts(self) -> frozenset[str]:
        names = ("127.0.0.1", "localhost", "[::1]")
        return frozenset(f"{name}:{self.port}" for name in names) | (
            frozenset(names) if self.port == 80 else frozenset()
        )

    @property
    def cookie(self) -> str:
        """Cookies are not kept apart by port: two tables must not sign each other out."""
        return f"table_{self.port}"

    def badge(self) -> str:
        """What the cookie holds."""
        return str(URLSafeSerializer(self.secret, "reviewer").dumps(self.reviewer))

    def who(self, cookies: str) -> str | None:
        """The reviewer whom a Cookie header names, None where it names nobody."""
        try:
            morsel = SimpleCookie(cookies).get(self.cookie)
            return str(URLSafeSerializer(self.secret, "reviewer").loads(morsel.value)) if morsel else None
        except (CookieError, BadSignature):
            return None

    def use(self, token: str) -> bool:
        """Whether a token is the one that is good now; it is good no more then."""
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return False
        self.token = secrets.token_urlsafe(24)
        self.used(self.token)
        return True


def refusal(access: Access, method: str, path: str, headers: Mapping[str, list[str]]) -> tuple[int, str] | None:
    """Why a request is refused, as status and sentence, or None. headers: by lower-case name, all that were sent."""
    hosts = headers.get("host", [])
    if len(hosts) != 1 or hosts[0] not in access.hosts:
        return 421, "This table answers to its own address only. Open the link that make review has printed."
    if method not in ("GET", "HEAD", "POST"):
        return 405, "Only looking and deciding are possible here."
    sites = set(headers.get("sec-fetch-site", []))
    moving = headers.get("sec-fetch-mode") == ["navigate"] and headers.get("sec-fetch-dest") == ["document"]
    if sites - {"same-origin", "none"} and not (moving and method != "POST"):
        return 403, "Another site asked for this. Nothing was shown and nothing was changed."
    if method == "POST":
        return _refused_post(access, path, headers, hosts[0])
    if path.startswith("/-/") and path[3:].split("/")[0].split(".")[0] not in access.ours:
        return 404, "There is no such page."
    return None


def _refused_post(access: Access, path: str, headers: Mapping[str, list[str]], host: str) -> tuple[int, str] | None:
    if path not in access.acts:
        return 405, "Nothing can be written here."
    origins, sites = headers.get("origin", []), headers.get("sec-fetch-site", [])
    if any(origin != f"http://{host}" for origin in origins) or any(site != "same-origin" for site in sites):
        return 403, "Another site asked for this. Nothing was changed."
    if not origins and not sites:
        return 403, "The request does not say which site it comes from. Nothing was changed."
    if [kind.split(";")[0].strip().lower() for kind in headers.get("content-type", [])] != ["application/json"]:
        return 415, "A decision is sent as JSON. Nothing was changed."
    length = headers.get("content-length", ["0"])[0]
    if not re.fullmatch(r"\d{1,9}", length) or int(length) > MAX_BODY_BYTES:
        return 413, "That is too much at once. Nothing was changed."
    return None


def gate(app: App, access: Access, refused: Callable[[int, str], Awaitable[str]]) -> App:
    """An application that lets through to `app` what may pass. refused: makes the page that says no."""

    async def entered(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = _headers(scope["headers"])
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
        send = _guarded(send, path)
        said = refusal(access, scope["method"], path, headers)
        if said:
            await _answer(send, said[0], await refused(*said))
        elif path.startswith(STATIC):
            await app(scope, receive, send)
        elif path == SIGN_IN:
            await _sign_in(access, scope, send, refused)
        elif access.who("; ".join(headers.get("cookie", []))) is None:
            await _answer(send, 403, await refused(403, ""))
        elif why := access.closed():
            await _answer(send, 503, await refused(503, why))
        else:
            await app({**scope, "actor": ACTOR}, receive, send)

    return entered


async def _sign_in(access: Access, scope: Scope, send: Send, refused: Callable[[int, str], Awaitable[str]]) -> None:
    token = scope["query_string"].decode("latin-1").removeprefix("token=")
    if scope["method"] != "GET" or not access.use(token):
        await _answer(send, 403, await refused(403, "This link was used already, or is of an earlier start."))
        return
    # A redirect of a link that another page holds would arrive without a strict cookie; a page that moves on does not.
    cookie = f"{access.cookie}={access.badge()}; Path=/; HttpOnly; SameSite=Strict"
    page = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/"><title>Signed in</title>'
    await _answer(send, 200, page, (("set-cookie", cookie),))


async def _answer(send: Send, status: int, text: str, more: Iterable[tuple[str, str]] = ()) -> None:
    headers = [("content-type", "text/html; charset=utf-8"), ("cache-control", "no-store"), *more]
    raw = [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": text.encode()})


def _guarded(send: Send, path: str) -> Send:
    """A send that puts our headers on every answer. A picture of one version may be kept, whatever Datasette thinks."""

    async def sent(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            found = {bytes(name).lower().decode(): bytes(value).decode("latin-1") for name, value in message["headers"]}
            cookies = [pair for pair in message["headers"] if bytes(pair[0]).lower() == b"set-cookie"]
            found.pop("set-cookie", None)
            kept = found.pop("x-keep", None)
            if kept:
                found["cache-control"] = kept
                found.pop("vary", None)
            elif path.startswith(STATIC):
                found["cache-control"] = "no-cache"
            raw = [(name.encode(), value.encode("latin-1")) for name, value in (found | HEADERS).items()]
            message = {**message, "headers": [*raw, *cookies]}
        await send(message)

    return sent


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in raw:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found
