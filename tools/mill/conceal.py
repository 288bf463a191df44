"""What looks like a secret is concealed before anything is told or written down. Standard library only."""

from __future__ import annotations

import re

HIDDEN = "[hidden]"

_SHAPES = re.compile(
    r"(?<=://)[^/\s@\"']+(?=@)"  # user and password in an address
    r"|(?<=[?&])(?:api[-_]?key|key|[a-z_]*token|secret|sig(?:nature)?|password)=[^&#\s\"']+"
    r"|\bsk-[\w-]{16,}|\bAIza[\w-]{30,}|\bya29\.[\w.-]{8,}"  # keys of OpenAI and Google, Google's tokens
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # JSON web tokens
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----(?:(?!-----END)[^\"'])*",
    re.IGNORECASE,
)


def conceal(text: str) -> str:
    """The text without passwords and keys in addresses, and without what has the shape of a well-known kind of key."""
    return _SHAPES.sub(HIDDEN, text)
