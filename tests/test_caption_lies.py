"""Servers that lie: about their type, their signs, their counts, where they are; both SDKs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from captioning import BOTH, TEXT, captions, choose, needs, verdicts
from conftest import RunTool
from making import Mill
from serving import FAULTS, GOOD, USED_IN, USED_OUT, Handler, Service

from tools.mill.ends import Stop

Act = Callable[[Handler, int], None]


def body(handler: Handler, used: tuple[object, object] = (USED_IN, USED_OUT)) -> bytes:
    """A good answer in the protocol that was asked in."""
    text = json.dumps(GOOD, ensure_ascii=False)
    if handler.gemini:
        candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}
        counts = {"promptTokenCount": used[0], "candidatesTokenCount": used[1]}
        return json.dumps({"candidates": [candidate], "usageMetadata": counts}).encode()
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    counts = {"prompt_tokens": used[0], "completion_tokens": used[1]}
    return json.dumps({"choices": [choice], "usage": counts}).encode()


def _as(kind: str) -> Act:
    return lambda handler, number: handler.raw(200, body(handler), kind)


def _said(status: int, content: bytes, kind: str = "application/json", **headers: str) -> Act:
    return lambda handler, number: handler.raw(status, content, kind, headers)


def _counted(sent: object, written: object) -> Act:
    return lambda handler, number: handler.raw(200, body(handler, (sent, written)), "application/json")


def _half_packed(handler: Handler, _number: int) -> None:
    packed = gzip.compress(body(handler))
    handler.raw(200, packed[: len(packed) // 2], "application/json", {"Content-Encoding": "gzip"})


def _no_http(handler: Handler, _number: int) -> None:
    handler.wfile.write(b"220 mail.example.org ESMTP ready\r\n")
    handler.close_connection = True


def _flood(handler: Handler, _number: int) -> None:
    """Ten gigabytes, as far as somebody takes them; counted in MB."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(10**10))
    handler.end_headers()
    handler.close_connection = True
    for _ in range(10_000):
        try:
            handler.wfile.write(b" " * 10**6)
        except OSError:
            return
        FLOODED.append(1)


def _bomb(handler: Handler, _number: int) -> None:
    """A hundred megabytes in a hundred kilobytes."""
    handler.raw(200, gzip.compress(b" " * 10**8), "application/json", {"Content-Encoding": "gzip"})


FLOODED: list[int] = []


@pytest.mark.parametrize("flood", [_flood, _bomb])
@pytest.mark.parametrize("engine", BOTH)
def test_an_answer_has_an_end(
    engine: str, flood: Act, act: Callable[[Act], None], mill: Mill, run_caption: RunTool, service: Service
) -> None:
    choose(mill, 1)
    act(flood)
    FLOODED.clear()
    run_caption(engine, timeout_s=30.0)
    [(_, _, detail)] = verdicts(mill)
    host = service.url.removeprefix("http://")
    assert detail == (f"{host} gave an answer that cannot be read (it is longer than 4 MB). RETRY_FAILED=1 asks again.")
    assert len(FLOODED) < 100
    assert service.sent == 1


@pytest.fixture
def act(monkeypatch: pytest.MonkeyPatch, service: Service) -> Callable[[Act], None]:
    """act(what): from now on the server does that."""

    def set_it(what: Act) -> None:
        monkeypatch.setitem(FAULTS, "lie", what)
        service.usual = "lie"

    return set_it


@pytest.mark.parametrize("kind", ["text/html", "text/plain; charset=us-ascii", "application/octet-stream", "image/png"])
@pytest.mark.parametrize("engine", BOTH)
def test_what_is_good_is_good_whatever_it_is_called(
    engine: str, kind: str, act: Callable[[Act], None], mill: Mill, run_caption: RunTool, service: Service
) -> None:
    choose(mill, 1)
    act(_as(kind))
    run_caption(engine)
    assert captions(mill) == [(TEXT, "ok", None)]
    assert service.sent == 1


NO_PROTOCOL = "{host} answered something that is not of its protocol: "
CHECK = ". Check [caption] base_url. RETRY_FAILED=1 asks again."


@pytest.mark.parametrize(
    ("lie", "start", "end"),
    [
        (_said(200, b""), f"{NO_PROTOCOL}nothing", CHECK),
        (_said(200, b"[]"), f"{NO_PROTOCOL}[]", CHECK),
        (_said(200, b"null"), f"{NO_PROTOCOL}null", CHECK),
        (_said(200, b'{"ok": true}'), NO_PROTOCOL + '{{"ok": true}}', CHECK),
        (_said(200, b"\x89PNG\r\n\x1a\n\xff\xfe"), NO_PROTOCOL, CHECK),
        (_said(200, b'{"a": ' * 50_000), NO_PROTOCOL, CHECK),
        (_half_packed, "{host} ", ""),
    ],
)
@pytest.mark.parametrize("engine", BOTH)
def test_what_is_no_answer_is_that_image_s_failure(
    engine: str,
    lie: Act,
    start: str,
    end: str,
    act: Callable[[Act], None],
    mill: Mill,
    run_caption: RunTool,
    service: Service,
) -> None:
    choose(mill, 1)
    act(lie)
    assert run_caption(engine).failed == 1
    [(status, _, detail)] = verdicts(mill)
    assert (status, service.sent) == ("failed", 1)
    assert detail is not None
    assert detail.startswith(start.format(host=service.url.removeprefix("http://")))
    assert detail.endswith(end)
    assert len(detail) < 400
    # What may have been worked on counts as paid for, once.
    cost, bound = mill.one("select cost, bound from request")
    assert cost == pytest.approx(bound)
    service.usual = "good"
    assert run_caption(engine, retry_failed=True).counts["ok"] == 2
    assert service.sent == 2


@pytest.mark.parametrize("engine", BOTH)
def test_a_server_of_another_kind_is_tried_again_and_told(
    engine: str, act: Callable[[Act], None], mill: Mill, run_caption: RunTool, service: Service
) -> None:
    choose(mill, 1)
    act(_no_http)
    run_caption(engine)
    [(status, _, detail)] = verdicts(mill)
    assert (status, service.sent) == ("failed", 3)
    assert str(detail).startswith(f"{service.url.removeprefix('http://')} broke the connection off (")
    assert str(detail).endswith(" (3 times). RETRY_FAILED=1 asks again.")


@pytest.mark.parametrize(("sent", "written"), [(-1, 5), ("many", 5), (1e30, 5), (10**30, 5), (True, 5), (5, None)])
@pytest.mark.parametrize("engine", BOTH)
def test_counts_that_cannot_be_are_none(
    engine: str,
    sent: object,
    written: object,
    act: Callable[[Act], None],
    mill: Mill,
    run_caption: RunTool,
    service: Service,
) -> None:
    """Then the request counts as all that it could have been."""
    choose(mill, 1)
    act(_counted(sent, written))
    run_caption(engine)
    assert captions(mill) == [(TEXT, "ok", None)]
    cost, bound = mill.one("select cost, bound from request")
    assert cost == pytest.approx(bound)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("engine", BOTH)
def test_nobody_is_followed_to_another_address(
    engine: str,
    status: int,
    act: Callable[[Act], None],
    mill: Mill,
    run_caption: RunTool,
    service: Service,
) -> None:
    """The image would go to somebody who was never named, in a request that nobody wrote down."""
    choose(mill, 2)
    act(lambda handler, number: handler.raw(status, b"", "text/plain", {"Location": f"{service.url}/elsewhere"}))
    with pytest.raises(Stop) as caught:
        run_caption(engine, concurrency=1)
    host = service.url.removeprefix("http://")
    assert str(caught.value).startswith(f"{host} answered {status} (")
    assert str(caught.value).endswith(
        ". It sends on to another address: set [caption] base_url to that, if images may go there"
    )
    assert [asked.path.endswith("/elsewhere") for asked in service.asked] == [False]
    assert verdicts(mill) == []


@needs("openai")
@pytest.mark.parametrize(("code", "sends"), [(429, 3), (502, 3), (400, 1), ("x", 1)])
def test_an_error_inside_of_an_answer(
    code: object,
    sends: int,
    act: Callable[[Act], None],
    mill: Mill,
    run_caption: RunTool,
    service: Service,
    tmp_path: Path,
) -> None:
    choose(mill, 1)
    act(_said(200, json.dumps({"error": {"message": "Provider returned error", "code": code}}).encode()))
    run_caption("openai")
    [(_, _, detail)] = verdicts(mill)
    times = " (3 times)" if sends == 3 else ""
    host = service.url.removeprefix("http://")
    assert detail == (
        f"{host} answered 200 (OK) with an error: Provider returned error{times}. RETRY_FAILED=1 asks again."
    )
    assert service.sent == sends
