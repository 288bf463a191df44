"""What the captioners elsewhere share: addresses that may be asked, and answers whose types may be anything."""

from __future__ import annotations

import ipaddress
import json
import logging
import re
from typing import Any
from urllib.parse import SplitResult, urlsplit

from tools.mill.conceal import conceal
from tools.mill.settings import UsageError
from tools.paid.faults import Fault, brief

MOST_BYTES = 4_000_000
"""Of one answer, unpacked: a caption has a few thousand."""

MOST_TOKENS = 10_000_000
"""Of one request: what a server counts beyond that would use a budget up that nobody has spent."""


def table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def first(value: Any) -> dict[str, Any]:
    """The first object of an array; {} where there is none."""
    return table(value[0]) if isinstance(value, list) and value else {}


def formed(value: Any, name: str, kind: type) -> bool:
    """Whether a value is nothing, or an array whose first object has under a name what it should have, or nothing."""
    if value in (None, []):
        return True
    return isinstance(value, list) and isinstance(value[0], dict) and isinstance(value[0].get(name), kind | None)


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def count(value: Any) -> int | None:
    """A number of tokens; None where it is none, or more than any model takes."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS else None


def body_of(host: str, content: str, *known: str) -> dict[str, Any]:
    """The object in a body that was answered with 200. Raises Fault where it has none of the fields that are known."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or not any(name in body for name in known):
        raise Fault(
            f"{host} answered something that is not of its protocol: {brief(content, 120) or 'nothing'}. "
            "Check [caption] base_url",
            paid=True,
        )
    return body


def bounded(error: type[Exception], response: Any) -> None:
    """Read the body of a response of httpx or httpx2, as far as an answer goes, however little it was packed into.

    error: what is raised, with a sentence, where it goes on.
    """
    chunks, size = [], 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > MOST_BYTES:
            response.close()
            raise error(f"it is longer than {MOST_BYTES / 1e6:g} MB")
        chunks.append(chunk)
    # Where the library itself keeps what it has read.
    response._content = b"".join(chunks)


def hush() -> None:
    """Keep the SDKs' logs from telling what is sent: headers and addresses may hold what opens an account."""
    for name in ("openai", "httpx", "httpx2", "httpcore", "httpcore2", "google", "google_genai", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)


def host_of(base_url: str) -> str:
    """Host and port of an address, as they are shown and written down.

    Raises UsageError, without repeating it, where it is none or could hold a secret.
    """
    return _split(base_url).netloc


def check_path(key_file: str) -> None:
    """Raises UsageError where somebody wrote a key where the path of its file belongs."""
    if conceal(key_file) != key_file or key_file.lstrip().startswith(("{", "Bearer ")) or "\n" in key_file:
        raise UsageError("[caption] key_file holds a key itself. Write that into a file, and the file's path here.")


def check_clear(base_url: str, secret: str) -> None:
    """Raises UsageError where a secret would travel unencrypted to another machine."""
    url = _split(base_url)
    if secret and url.scheme == "http" and not _is_here(url.hostname or ""):
        raise UsageError(
            f"[caption] base_url is {base_url}: the key would travel to {url.hostname} open to everybody. Use https."
        )


def _split(base_url: str) -> SplitResult:
    if re.search("[@?#]", base_url):
        raise UsageError(
            "[caption] base_url holds a user, a password or a query. Put the key into a file: [caption] key_file."
        )
    try:
        url = urlsplit(base_url)
        port_is_one = url.port is None or url.port > 0
    except ValueError:
        url, port_is_one = urlsplit(""), False
    if url.scheme not in ("http", "https") or not url.hostname or not port_is_one or re.search(r"\s", base_url):
        raise UsageError(
            f"[caption] base_url is {conceal(base_url)!r}, which is no address. Use one as in "
            "https://api.openai.com/v1."
        )
    return url


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
