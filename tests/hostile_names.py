"""Forty file names that hurt, as bytes: each breaks some shell, make file, decoder, query or terminal."""

from __future__ import annotations

NAME_MAX_BYTES = 255
"""The longest name that Linux's file systems hold."""

_STEMS: tuple[bytes, ...] = (
    b"two  spaces",
    b" leading and trailing ",
    b"tab\there",
    b"new\nline",
    b"carriage\rreturn",
    b"\nnewline first",
    b"single'quote",
    b'double"quote',
    b"`touch pwned`",
    b"$(touch pwned)",
    b"${HOME}",
    b"$@ $< $$",
    b"-rf",
    b"--help",
    b"-",
    b"semi;colon & pipe | > out < in",
    b"back\\slash\\n",
    b"star * question ? [x] {a,b}",
    b"%d %s %08d %%",
    b"hash # tilde ~ bang !",
    b"a:b",
    b"http:x",
    b"concat:a|b",
    b"pipe:0",
    b"@list",
    b"=1+1",
    b"key=value,comma",
    b"'; drop table item; --",
    b"<img src=x onerror=alert(1)>",
    b"\xff\xfe not utf-8 \x80",
    b"overlong \xc0\xaf",
    b"surrogate \xed\xa0\x80",
    b"latin-1 \xe4\xf6\xfc",
    b"escape \x1b[31m and \x07 bell",
    "composed \u00e9 and decomposed e\u0301".encode(),
    "right to left \u202egpj".encode(),
    "emoji \U0001f469\u200d\U0001f680".encode(),
    "zero width \u200b space".encode(),
)


def forty(ending: bytes) -> tuple[bytes, ...]:
    """Forty different names that end in `ending` (".mp4"), but for one that has a dot behind it."""
    longest = b"x" * (NAME_MAX_BYTES - len(ending)) + ending
    return (*(stem + ending for stem in _STEMS), b"trailing dot" + ending + b".", longest)
