"""Fetching a model by the library that it belongs to, in a process of its own that is given up within seconds.

The libraries wait for half a minute and more before they believe that there is no network. Here a first word must come
in FIRST_WORD_S; what is on its way then may take as long as it takes.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

from tools.mill.settings import ROOT, UsageError

FIRST_WORD_S = 12.0
CONNECT_S = 5.0
HOST = "https://github.com"
"""Where both ultralytics and rembg keep their models."""

REACHED = "reached"


def fetch(library: str, name: str, folder: Path) -> None:
    """Have ultralytics put weights into the folder, or rembg a model where it keeps them.

    Raises UsageError that says in one sentence why that did not succeed.
    """
    here = Path(sys.executable), "-P", "-m", "tools.engines.fetching", library, name, str(folder)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(here, stdout=subprocess.PIPE, env=environment, text=True) as child:
        assert child.stdout is not None
        ready, _, _ = select.select([child.stdout], [], [], FIRST_WORD_S)
        first = child.stdout.readline().strip() if ready else ""
        if not ready:
            child.kill()
        rest = "" if first != REACHED else child.stdout.read().strip()
        code = child.wait()
    if code == 0:
        return
    reason = (rest if first == REACHED else first) or f"no answer from {HOST} in {FIRST_WORD_S:g} s"
    raise UsageError(f"{name} could not be fetched: {reason}")


def _main(library: str, name: str, folder: Path) -> int:
    """In the child: one line once the network is reached, and a line with the reason where it goes wrong."""
    import requests

    try:
        requests.head(HOST, timeout=CONNECT_S)
    except requests.RequestException as error:
        print(f"{HOST} is not reached ({type(error).__name__})", flush=True)
        return 1
    print(REACHED, flush=True)
    try:
        (_by_ultralytics if library == "ultralytics" else _by_rembg)(name, folder)
    except (OSError, ValueError, RuntimeError, ImportError, MemoryError) as error:
        print(" ".join(str(error).split())[:300].rstrip(".") or type(error).__name__)
        return 1
    return 0


def _by_ultralytics(name: str, folder: Path) -> None:
    os.environ.update({"YOLO_VERBOSE": "false", "YOLO_AUTOINSTALL": "false"})
    from ultralytics.utils.downloads import GITHUB_ASSETS_NAMES, attempt_download_asset

    if name not in GITHUB_ASSETS_NAMES:
        raise ValueError("it is none of ultralytics' own, so nobody knows where from")
    folder.mkdir(parents=True, exist_ok=True)
    attempt_download_asset(folder / name, retry=1, progress=sys.stderr.isatty())


def _by_rembg(name: str, _folder: Path) -> None:
    from rembg.sessions import sessions

    sessions[name].download_models()


if __name__ == "__main__":
    # Libraries print what they please: only our own words go to the parent.
    words = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = os.fdopen(words, "w")
    raise SystemExit(_main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
