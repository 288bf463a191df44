"""Open the light table: look at every stage as pictures, decide with a key press, and the next `make` obeys.

It serves this machine alone, and only who opens the link that it prints.

Example: python -m tools.review --base data
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from pathlib import Path

import click

from tools.mill.command import guard
from tools.mill.manifest import require
from tools.mill.settings import UsageError
from tools.mill.words import command

HOST = "127.0.0.1"
PORT, LAST_PORT = 8001, 65535


def listening(base: Path, port: int, listen: str = HOST) -> socket.socket:
    """A socket that listens on a port of this machine. Raises UsageError where somebody else does.

    It listens from here on: of two tables that are opened at once, one gets the port and the other this sentence.
    """
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((listen, port))
        taken.listen()
    except OSError as error:
        taken.close()
        if error.errno != errno.EADDRINUSE:
            raise UsageError(f"Nobody can listen on port {port} of {listen}: {error.strerror}.") from error
        other = command(base, "review", PORT=str(port + 1 if port < LAST_PORT else PORT))
        raise UsageError(
            f"Port {port} is in use, perhaps by a light table that is open already. End that one with Ctrl-C, or "
            f"take another port: {other}."
        ) from error
    return taken


def has_screen() -> bool:
    """Whether a browser would get a window: without one, a browser for terminals would take this one over."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def link(port: int, token: str) -> str:
    return f"http://{HOST}:{port}/-/sign-in?token={token}"


def serve(base: Path, port: int, opens: bool, taken: socket.socket) -> None:
    """Serve a workspace until Ctrl-C. opens: show it in this machine's browser. taken: of `listening`."""
    import asyncio
    import webbrowser

    import uvicorn

    from tools.lighttable import ahead
    from tools.lighttable.app import desk_of, table

    def used(token: str) -> None:
        click.echo(f"Signed in. A link for another browser: {link(port, token)}", err=True)

    datasette, access = table(base, port, used)
    config = uvicorn.Config(datasette.app(), log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)

    async def run() -> None:
        serving = asyncio.create_task(server.serve(sockets=[taken]))
        while not (server.started or serving.done()):
            await asyncio.sleep(0.01)
        click.echo(f"The light table of {base} is open; Ctrl-C closes it. This link signs you in, once:", err=True)
        click.echo(link(port, access.token))
        if opens and has_screen():
            webbrowser.open(link(port, access.token))
        beside = asyncio.create_task(ahead.keep(desk_of(datasette)))
        await serving
        beside.cancel()

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        click.echo("The light table is closed. The next `make` obeys what you decided.", err=True)
    finally:
        desk_of(datasette).close()


@click.command()
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option(
    "--port", type=click.IntRange(1, LAST_PORT), default=PORT, show_default=True, help="of this machine alone"
)
@click.option("--open/--no-open", "opens", default=True, help="show it in the browser, or only print the link")
@click.option(
    "--listen",
    default=HOST,
    show_default=True,
    envvar="MILL_LISTEN",
    help="0.0.0.0 in a container whose port is published on 127.0.0.1 alone; other hosts' names are refused anyway",
)
def main(base: Path, port: int, opens: bool, listen: str) -> None:
    """Serve the light table of a workspace on this machine."""
    require(base)
    with listening(base, port, listen) as taken:
        serve(base, port, opens, taken)


if __name__ == "__main__":
    guard(lambda: main(standalone_mode=False))
