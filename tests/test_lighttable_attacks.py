"""What others might try: foreign hosts, foreign sites, no sign-in, paths that lead elsewhere, writes that are none.

None of them may be shown a byte of the workspace or write a row.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from lighting import HOST, ORIGIN, OWN, Visitor, paint, rows
from manifest_filled import filled

DECIDE = b"/-/decide/write"
KEEP = json.dumps({"verdict": "keep", "ids": [24], "set": "score:cutout"}).encode()
SECRETS = (b"dance", b"blurry", b"39374a59", b"SQLite format", b"cutout")
"""What stands in the manifest, and must not stand in an answer to a stranger."""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    base = filled(tmp_path_factory.mktemp("attacked"))
    paint(base)
    visitor = Visitor(base)
    yield visitor
    visitor.close()


def said(table: Visitor) -> int:
    return int(rows(table.base, "select count(*) from decision")[0][0])


def signed(table: Visitor, *more: tuple[str, str], host: str = HOST) -> list[tuple[str, str]]:
    return [("host", host), ("cookie", table.cookie), *more]


# --- hosts ---


@pytest.mark.parametrize(
    "host",
    [
        *(
            "evil.example",
            "evil.example:8001",
            "127.0.0.1",
            "127.0.0.1:8002",
            "localhost:80",
            "localhost.evil.example:8001",
        ),
        *(
            "127.0.0.1:8001.evil.example",
            "127.0.0.1:8001@evil.example",
            "[::1]:8002",
            "0.0.0.0:8001",
            "",
            " 127.0.0.1:8001",
        ),
        *("LOCALHOST:8001 ", "2130706433:8001", "127.1:8001"),
    ],
)
def test_another_host_is_refused_even_with_the_cookie(table: Visitor, host: str) -> None:
    status, _, body = table.raw("GET", b"/-/gallery", signed(table, host=host))
    assert status == 421
    assert not any(secret in body for secret in SECRETS)


def test_two_hosts_are_refused(table: Visitor) -> None:
    assert table.raw("GET", b"/", [("host", HOST), ("host", "evil.example"), ("cookie", table.cookie)])[0] == 421


def test_no_host_is_refused(table: Visitor) -> None:
    assert table.raw("GET", b"/", [("cookie", table.cookie)])[0] == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8001", "localhost:8001", "[::1]:8001"])
def test_its_own_names_are_answered(table: Visitor, host: str) -> None:
    assert table.raw("GET", b"/-/gallery", signed(table, host=host))[0] == 200


# --- not signed in ---


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/-/gallery", "/-/item/24", "/-/picture/24/256", "/-/picture/24/full", "/manifest", "/manifest.json"),
        *(
            "/manifest.db",
            "/manifest/item.json",
            "/manifest/item/24",
            "/manifest.json?sql=select+*+from+item",
            "/.json",
        ),
        *(
            "/-/databases.json",
            "/-/metadata.json",
            "/-/settings",
            "/-/versions.json",
            "/-/plugins.json",
            "/-/actor.json",
        ),
        *(
            "/_internal",
            "/_internal/tables.json",
            "/manifest/failures.csv",
            "/-/static/../manifest.db",
            "//manifest.db",
        ),
        *("/-/table/../../manifest.db", "/-/table/%2e%2e/app.py", "/-/table/..%2fapp.py", "/-/auth-token?token=x"),
    ],
)
def test_a_stranger_sees_nothing(table: Visitor, path: str) -> None:
    status, headers, body = table.raw("GET", path.encode(), [("host", HOST)])
    assert status in (403, 404)
    assert not any(secret in body for secret in SECRETS)
    assert "set-cookie" not in headers


def test_a_stranger_is_told_how_to_sign_in(table: Visitor) -> None:
    _, headers, body = table.raw("GET", b"/", [("host", HOST)])
    assert b"Open the link that <code>make review</code> has printed" in body
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "root",
        "eyJhIjp7ImlkIjoicm9vdCJ9fQ.x",
        'table_8001="',
        "table_8001=; table_8001=root",
        "\xff\xfe",
        "a=b" * 2000,
    ],
)
def test_a_made_up_cookie_is_none(table: Visitor, cookie: str) -> None:
    for name in ("table_8001", "ds_actor"):
        assert table.raw("GET", b"/-/gallery", [("host", HOST), ("cookie", f"{name}={cookie}")])[0] == 403


def test_a_cookie_of_another_table_is_none(table: Visitor, tmp_path: Path) -> None:
    other = Visitor(filled(tmp_path))
    assert table.raw("GET", b"/", [("host", HOST), ("cookie", other.cookie)])[0] == 403
    other.close()


def test_the_link_works_once(tmp_path: Path) -> None:
    visitor = Visitor(filled(tmp_path), signed_in=False)
    token = visitor.access.token
    link = f"/-/sign-in?token={token}".encode()
    status, headers, _ = visitor.raw("GET", link, [("host", HOST)])
    cookie = headers["set-cookie"]
    assert status == 200
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Strict")
    assert visitor.raw("GET", b"/-/gallery", [("host", HOST), ("cookie", cookie.split(";")[0])])[0] == 200
    status, headers, body = visitor.raw("GET", link, [("host", HOST)])
    assert (status, "set-cookie" in headers) == (403, False)
    assert b"This link was used already, or is of an earlier start." in body
    assert visitor.access.token != token
    visitor.close()


@pytest.mark.parametrize(
    "query", ["", "?token=", "?token=x", "?token=%00", "?nokot=x", "?token=\xe4".encode("latin-1")]
)
def test_a_wrong_token_signs_nobody_in(table: Visitor, query: str | bytes) -> None:
    path = b"/-/sign-in" + (query if isinstance(query, bytes) else query.encode())
    status, headers, _ = table.raw("GET", path, [("host", HOST)])
    assert (status, "set-cookie" in headers) == (403, False)


# --- another site ---

CROSS = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:3000"},
    {"origin": "https://127.0.0.1:8001"},
    {"origin": f"{ORIGIN}.evil.example"},
    {"origin": "http://localhost:8001"},
    {"origin": ""},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
]


@pytest.mark.parametrize("changed", CROSS)
def test_a_decision_from_another_site_is_none(table: Visitor, changed: dict[str, str]) -> None:
    before = said(table)
    status, _, body = table.raw("POST", DECIDE, signed(table, *(OWN | changed).items()), KEEP)
    assert status == 403
    assert b"Nothing was" in body
    assert said(table) == before


def test_a_decision_that_names_no_site_is_none(table: Visitor) -> None:
    headers = signed(table, ("content-type", "application/json"))
    assert table.raw("POST", DECIDE, headers, KEEP)[0] == 403
    assert said(table) == 0


def test_a_decision_without_sign_in_is_none(table: Visitor) -> None:
    assert table.raw("POST", DECIDE, [("host", HOST), *OWN.items()], KEEP)[0] == 403
    assert said(table) == 0


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_a_form_of_another_site_is_no_decision(table: Visitor, kind: str) -> None:
    assert table.raw("POST", DECIDE, signed(table, *(OWN | {"content-type": kind}).items()), KEEP)[0] == 415
    assert said(table) == 0


@pytest.mark.parametrize(
    "mode", [("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe"), ("no-cors", "script")]
)
def test_another_site_can_embed_nothing(table: Visitor, mode: tuple[str, str]) -> None:
    sent = ("sec-fetch-site", "same-site"), ("sec-fetch-mode", mode[0]), ("sec-fetch-dest", mode[1])
    status, _, body = table.raw("GET", b"/-/picture/24/256", signed(table, *sent))
    assert status == 403
    assert b"RIFF" not in body


def test_a_link_from_another_site_may_be_followed(table: Visitor) -> None:
    sent = ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")
    assert table.raw("GET", b"/-/gallery", signed(table, *sent))[0] == 200


# --- paths ---


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/-/picture/24/../../manifest.db",
            "/-/picture/../../etc/passwd/256",
            "/-/picture/24/2048",
            "/-/picture/24/full/x",
        ),
        *("/-/picture/-1/256", "/-/picture/0/256", "/-/picture/24.5/256", "/-/picture/24%00/256", "/-/picture/1e3/256"),
        *("/-/picture/99999999999999999999/256", "/-/picture/24/256?path=/etc/passwd&v=../..", "/-/picture/999999/256"),
        *("/-/table/..%2f..%2f..%2fapp.py", "/-/table/%2e%2e/app.py", "/-/table/../plugin.py", "/-/table//etc/passwd"),
        *(
            "/manifest.db",
            "/-/auth-token",
            "/-/permissions",
            "/-/messages",
            "/-/allow-debug",
            "/-/patterns",
            "/-/logout",
        ),
        *(
            "/-/threads.json",
            "/-/databases",
            "/-/metadata.json",
            "/_internal",
            "/_internal.json",
            "/-/static-plugins/x/y",
        ),
    ],
)
def test_no_path_leads_out(table: Visitor, path: str) -> None:
    """Nothing but pictures by id, in the sizes there are, and pages; `?path=` and the like change nothing."""
    status, _, body = table.raw("GET", path.encode(), signed(table))
    assert b"root:" not in body
    assert b"SQLite format" not in body
    assert b"import annotations" not in body
    assert status in ((200,) if "?path=" in path else (302, 403, 404))


def test_a_row_that_points_outside_shows_nothing(tmp_path: Path) -> None:
    """A meddled manifest, and a link in a stage folder: neither leads out of the workspace."""
    base = filled(tmp_path / "base")
    paint(base)
    outside = tmp_path / "outside.webp"
    outside.write_bytes((base / rows(base, "select path from item where id = 21")[0][0]).read_bytes())
    linked = base / rows(base, "select path from item where id = 22")[0][0]
    linked.unlink()
    linked.symlink_to(outside)
    visitor = Visitor(base)
    assert visitor.ask("/-/picture/21/256").status_code == 200
    assert visitor.ask("/-/picture/22/256").status_code == 404
    for path in (
        "../outside.webp",
        str(outside),
        "config.toml",
        "manifest.db",
        "03_masked_subjects/../../outside.webp",
    ):
        with sqlite3.connect(base / "manifest.db") as db:
            db.execute("update item set path = ? where id = 21", (path,))
        assert visitor.ask("/-/picture/21/256").status_code == 404, path
    visitor.close()


def test_a_source_that_links_elsewhere_shows_only_what_was_made_of_it(tmp_path: Path) -> None:
    """Its own file is never sent: a photo is shown by its frame, whatever else by words."""
    base = filled(tmp_path / "base")
    paint(base)
    photo, frame = base / "00_raw_photos" / "portrait.jpg", rows(base, "select id from item where parent_id = 4")[0][0]
    secret = tmp_path / "secret.jpg"
    os.replace(photo, secret)
    photo.symlink_to(secret)
    visitor = Visitor(base)
    shown = visitor.ask("/-/picture/4/256")
    assert shown.status_code == 200
    assert shown.content == visitor.ask(f"/-/picture/{frame}/256").content
    with sqlite3.connect(base / "manifest.db") as db:
        db.execute("update item set path = null where id = ?", (frame,))
    told = visitor.ask("/-/picture/4/256")
    assert (told.status_code, told.headers["content-type"]) == (200, "image/svg+xml")
    assert "a link to outside" in told.text
    visitor.close()


# --- writes that are none ---


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "post"])
def test_other_methods_are_refused(table: Visitor, method: str) -> None:
    assert table.raw(method, DECIDE, signed(table, *OWN.items()), KEEP)[0] == 405


@pytest.mark.parametrize(
    "path", ["/", "/manifest", "/manifest/item", "/manifest/item/24", "/-/gallery", "/-/logout", "/-/messages"]
)
def test_nothing_else_takes_a_post(table: Visitor, path: str) -> None:
    assert table.raw("POST", path.encode(), signed(table, *OWN.items()), b"{}")[0] == 405


@pytest.mark.parametrize(
    "text", ["delete from item", "update item set kind = 'x'", "pragma journal_mode = delete", "drop view funnel"]
)
def test_sql_can_only_ask(table: Visitor, text: str) -> None:
    before = rows(table.base, "select count(*) from item")
    answer = table.ask("/manifest.json", params={"sql": text})
    assert answer.status_code == 400
    assert rows(table.base, "select count(*) from item") == before


def test_a_get_decides_nothing(table: Visitor) -> None:
    assert table.raw("GET", DECIDE + b"?verdict=keep&ids=24", signed(table))[0] == 404
    assert said(table) == 0


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"",
            b"{",
            b"[]",
            b"null",
            b'"keep"',
            b"\xff\xfe",
            b"[" * 100_000,
            b'{"verdict": "keep"}',
            b'{"verdict": "keep", "ids": []}',
        ),
        *(
            b'{"verdict": "keep", "ids": ["24"]}',
            b'{"verdict": "keep", "ids": [true]}',
            b'{"verdict": "keep", "ids": [24.0]}',
        ),
        *(
            b'{"verdict": "undo", "ids": [24]}',
            b'{"verdict": "delete", "ids": [24]}',
            b'{"verdict": ["keep"], "ids": [24]}',
        ),
        *(b'{"verdict": "keep", "ids": [999999]}', b'{"verdict": "keep", "ids": [24, 999999]}'),
        *(b'{"verdict": "keep", "ids": [24], "dataset": "nobody"}', b'{"verdict": "pin", "ids": [1]}'),
        b'{"verdict": "keep", "ids": [99999999999999999999999]}',
    ],
)
def test_what_is_no_decision_writes_nothing(table: Visitor, body: bytes) -> None:
    status, headers, answer = table.raw("POST", DECIDE, signed(table, *OWN.items()), body)
    assert status == 400
    assert headers["content-type"].startswith("application/json")
    assert json.loads(answer)["error"].endswith(".")
    assert said(table) == 0


def test_too_much_is_refused_before_it_is_read(table: Visitor) -> None:
    for length in ("2000001", "99999999999", "-1", "x"):
        headers = signed(table, *OWN.items(), ("content-length", length))
        assert table.raw("POST", DECIDE, headers, KEEP)[0] == 413


# --- headers ---


@pytest.mark.parametrize(
    "path", ["/", "/-/gallery", "/-/item/24", "/manifest", "/-/picture/24/256", "/-/table/table.css", "/nowhere"]
)
def test_every_answer_forbids_scripts_frames_and_sniffing(table: Visitor, path: str) -> None:
    _, headers, _ = table.raw("GET", path.encode(), signed(table))
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(("n_bytes", "status"), [(4_000_000, 200), (4_000_001, 400)])
def test_no_answer_fills_the_memory(table: Visitor, n_bytes: int, status: int) -> None:
    answer = table.ask(f"/manifest.json?sql=select+length(zeroblob({n_bytes}))+as+n&_shape=array")
    assert answer.status_code == status
    assert answer.json() == [{"n": n_bytes}] if status == 200 else "too big" in answer.json()["error"]
