"""Fetching a model by the library that it belongs to, in a process of its own that is given up within seconds.

The libraries wait for half a minute and more before they believe that there is no network. Here a first word must come
in FIRST_WORD_S; what is on its way then may take as long as it takes.
"""

from __future__ import annotations

import inspect
import os
import select
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools.mill.settings import ROOT, UsageError

FIRST_WORD_S = 12.0
CONNECT_S = 5.0
STALL_S = 15.0
"""How long a download may stand still."""
HOST = "https://github.com"
"""Where both ultralytics and rembg keep their models."""

REACHED = "reached"


def fetch(library: str, name: str, folder: Path) -> None:
    """Have ultralytics put weights into the folder, or rembg a model where it keeps them.

    Raises UsageError that says in one sentence why that did not succeed.
    """
    here = (sys.executable, "-P", "-m", "tools.engines.fetching", library, name, str(folder), str(STALL_S))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    # What the libraries print is progress, for somebody who looks on.
    chatter = None if sys.stderr.isatty() else subprocess.DEVNULL
    with subprocess.Popen(here, stdout=subprocess.PIPE, stderr=chatter, env=environment, text=True) as child:
        assert child.stdout is not None
        ready, _, _ = select.select([child.stdout], [], [], FIRST_WORD_S)
        first = child.stdout.readline().strip() if ready else ""
        if not ready:
            child.kill()
        rest = "" if first != REACHED else child.stdout.read().strip()
        code = child.wait()
    if code == 0:
        return
    silence = f"no answer from {HOST} in {FIRST_WORD_S:g} s" if not ready else f"{library} broke down over it"
    raise UsageError(f"{name} could not be fetched: {(rest if first == REACHED else first) or silence}")


def _main(library: str, name: str, folder: Path, stall_s: float) -> int:
    """In the child: one line once the network is reached, and a line with the reason where it goes wrong."""
    import requests

    try:
        requests.head(HOST, timeout=CONNECT_S)
    except requests.RequestException as error:
        print(f"{HOST} is not reached ({type(error).__name__})", flush=True)
        return 1
    print(REACHED, flush=True)
    _hurry(stall_s)
    try:
        (_by_ultralytics if library == "ultralytics" else _by_rembg)(name, folder)
    except (OSError, ValueError, RuntimeError, ImportError, MemoryError) as error:
        print(_reason(error, stall_s))
        return 1
    return 0


def _hurry(stall_s: float) -> None:
    """Both libraries ask through requests, and would wait for minutes for the next byte."""
    from requests.adapters import HTTPAdapter

    send = HTTPAdapter.send

    def hurried(self: HTTPAdapter, request: Any, stream: bool = False, timeout: Any = None, **more: Any) -> Any:
        return send(self, request, stream, (CONNECT_S, stall_s), **more)

    HTTPAdapter.send = hurried  # type: ignore[method-assign, assignment]


def _reason(error: Exception, stall_s: float) -> str:
    """Why a download failed, as one sentence without its stop."""
    cause = error.__cause__ or error
    response = getattr(cause, "response", None)
    if response is not None:
        return f"{urlsplit(response.url).netloc} answered {response.status_code} {response.reason}"
    said = " ".join(str(cause).split())
    if "timed out" in said:
        return f"nothing more came for {stall_s:g} s"
    if "IncompleteRead" in said:
        return "the download broke off"
    return said.partition(". ")[0][:300].rstrip(".") or type(cause).__name__


def _by_ultralytics(name: str, folder: Path) -> None:
    from tools.engines import ultralytics_setup

    # Its word for being offline: else it asks other hosts whether there is a network, and pauses before it gives up.
    ultralytics_setup.prepare()
    from ultralytics.utils.downloads import GITHUB_ASSETS_NAMES, attempt_download_asset, safe_download

    if name not in GITHUB_ASSETS_NAMES:
        raise ValueError("it is none of ultralytics' own, so nobody knows where from")
    folder.mkdir(parents=True, exist_ok=True)
    # Not by attempt_download_asset itself, that takes the quotes out of a path; but from where it would.
    release = {name: each.default for name, each in inspect.signature(attempt_download_asset).parameters.items()}
    url = f"{HOST}/{release['repo']}/releases/download/{release['release']}/{name}"
    safe_download(url, file=name, dir=folder, min_bytes=1e5, retry=0, progress=sys.stderr.isatty())
    if not zipfile.is_zipfile(folder / name):
        (folder / name).unlink()
        raise ValueError("what came is no file of PyTorch's, a page to sign in perhaps")


def _by_rembg(name: str, _folder: Path) -> None:
    from rembg.sessions import sessions

    sessions[name].download_models()


if __name__ == "__main__":
    # Libraries print what they please: only our own words go to the parent.
    words = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = os.fdopen(words, "w")
    raise SystemExit(_main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), float(sys.argv[4])))
