"""Long histories through the whole chain.

SOAK_S: seconds (600). SOAK_SEED: where chance begins (0).
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest
from histories import Act, histories, live_through
from hypothesis import HealthCheck, Phase, given, seed, settings
from killing import TOOLS

SECONDS = float(os.environ.get("SOAK_S", "600"))
SEED = int(os.environ.get("SOAK_SEED", "0"))


@pytest.mark.parametrize("last", ["extract", "score", "package"])
def test_what_is_taken_back_leaves_nothing(last: str) -> None:
    deadline = time.monotonic() + SECONDS / 3
    tools = TOOLS[: TOOLS.index(last) + 1]
    lived = 0

    @seed(SEED)
    @settings(
        max_examples=1_000_000,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(histories(tools, 30))
    def live(acts: list[Act]) -> None:
        nonlocal lived
        if time.monotonic() > deadline:
            return
        lived += 1
        with tempfile.TemporaryDirectory() as folder:
            assert live_through(Path(folder, "base"), acts, last) == []

    live()
    print(f"{last}: {lived} histories")
