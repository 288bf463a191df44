"""Whatever people do to a workspace, in any order: taken back, nothing of it is left. Long ones are in tests/soak."""

from __future__ import annotations

import tempfile
from pathlib import Path

from histories import Act, histories, live_through
from hypothesis import HealthCheck, example, given, settings
from killing import TOOLS

CHEAP_TOOLS = TOOLS[:2]


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(histories(CHEAP_TOOLS, 12))
@example([("put", "z.PNG", "2"), ("put", "sub/a.png", "2"), ("only", "intake"), ("put", "a.png", "2")])
@example(
    [
        ("put", "a.png", "0"),
        ("only", "intake"),
        ("replace", "a.png", "1"),
        ("only", "extract"),
        ("replace", "a.png", "0"),
    ]
)
@example([("put", "a.png", "0"), ("only", "intake"), ("remove", "a.png"), ("only", "extract"), ("put", "a.png", "0")])
def test_what_is_taken_back_leaves_nothing(acts: list[Act]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert live_through(Path(folder, "base"), acts, CHEAP_TOOLS[-1]) == []
