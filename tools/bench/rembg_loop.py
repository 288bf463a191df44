"""What `rembg p` does with a folder, for an installation of rembg without its command line.

Example: python -m tools.bench.rembg_loop u2net_custom NETWORK FOLDER TARGET
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(model: str, network: str, folder: str, target: str) -> None:
    """One file after the other: read, cut out by rembg, written as PNG."""
    from rembg import new_session, remove

    session = new_session(model, model_path=network)
    for file in sorted(Path(folder).iterdir()):
        made = remove(file.read_bytes(), session=session, model_path=network)
        (Path(target) / file.name).with_suffix(".png").write_bytes(made)


if __name__ == "__main__":
    main(*sys.argv[1:])
