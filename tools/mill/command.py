"""The command line of every tool: one click command made from what the tool declares."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import re
import signal
import sqlite3
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from tools.mill import files, loop, machine, runs, settings
from tools.mill.conceal import conceal
from tools.mill.ends import Stop
from tools.mill.lock import Held
from tools.mill.plan import BY_TOOL
from tools.mill.tool import Asked, Tool

BROKE, USAGE, FAILED_ITEMS, HELD, INTERRUPTED = 1, 2, 3, 75, 130


def main(name: str) -> NoReturn:
    """Run the tool of that name as a program."""
    module = importlib.import_module(f"tools.{name}")
    guard(
        lambda: make(module.TOOL, module.__doc__ or "").main(prog_name=f"python -m tools.{name}", standalone_mode=False)
    )


def guard(program: Callable[[], int | None]) -> NoReturn:
    """Run a click program and exit: errors become one sentence on stderr and the exit code that stands for them."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = program() or 0
    except click.ClickException as error:
        error.show()
        code = USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted. What was finished is recorded; the next run goes on from there.", err=True)
        code = INTERRUPTED
    except Held as error:
        click.echo(str(error), err=True)
        code = HELD
    except settings.UsageError as error:
        click.echo(f"Error: {error}", err=True)
        code = USAGE
    except Stop as error:
        click.echo(f"Stopped: {error}. Mend it; the next run goes on from here.", err=True)
        code = BROKE
    except sqlite3.Error as error:
        click.echo(f"Stopped: the manifest could not be used ({error}). Is its disk full or read-only?", err=True)
        code = BROKE
    except BrokenPipeError:
        # Whoever read our output has gone. Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = BROKE
    except OSError as error:
        click.echo(f"Stopped: {files.told(error)}. Mend it; the next run goes on from here.", err=True)
        code = BROKE
    sys.exit(code)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def make(tool: Tool, doc: str) -> click.Command:
    """The click command of a tool: shared options, then one option for each key of its configuration section."""
    schema = settings.load(Path(os.devnull), {}).sections[tool.name]

    def callback(base: Path, as_json: bool, quiet: bool, verbose: bool, **options: Any) -> int:
        loaded = settings.load(base)
        dataset = _dataset(tool, loaded, options.pop("dataset", ""))
        asked = Asked(
            dataset,
            *(options.pop(key, None) for key in ("workers", "limit")),
            *(options.pop(key, False) for key in ("dry_run", "retry_failed", "accept_vanished")),
        )
        values = dict(loaded.sections[tool.name])
        for key, text in options.items():
            if text is not None:
                values[key] = settings.parse(text, schema[key], f"[{tool.name}] {key}", f"--{key.replace('_', '-')}")
        if verbose:
            click.echo(f"{tool.name}: {conceal(json.dumps(values))}", err=True)
        report = loop.run(tool, loaded, values, asked)
        tell(report, base, as_json, quiet, asked.dry_run)
        if report.left:
            return BROKE
        return FAILED_ITEMS if report.failed else 0

    comments = key_comments(tool.name)
    parameters: list[click.Parameter] = [*_shared(tool)]
    for key, default in schema.items():
        option = f"--{key.replace('_', '-')}"
        shown = json.dumps(default) if isinstance(default, dict) else str(default)
        help_text = f"{comments.get(key, '')}  [default: {shown}]"
        parameters.append(click.Option([option, key], help=help_text, metavar=type(default).__name__.upper()))
    return click.Command(tool.name, callback=callback, params=parameters, help=doc.replace("\n\n", "\n\n\b\n", 1))


def _shared(tool: Tool) -> list[click.Option]:
    options = [
        click.Option(
            ["--base"], type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace"
        ),
        click.Option(
            ["--workers"],
            type=click.IntRange(min=0),
            envvar="MILL_JOBS",
            default=machine.default_workers,
            show_default="as many as cores and memory bear",
            help="worker processes; 0 works in this one",
        ),
        click.Option(["--dry-run"], is_flag=True, help="say what waits and change nothing"),
        click.Option(["--retry-failed"], is_flag=True, envvar="MILL_RETRY_FAILED", help="try failed items again"),
        click.Option(["--json", "as_json"], is_flag=True, help="report as JSON on stdout"),
        click.Option(["-q", "--quiet"], is_flag=True, help="say nothing but errors"),
        click.Option(["-v", "--verbose"], is_flag=True, help="say with which settings"),
    ]
    if tool.work_set is None:
        options.insert(
            1, click.Option(["--limit"], type=click.IntRange(min=1), help="take at most this many of what waits")
        )
    if BY_TOOL[tool.name].gate is None:
        gone = "sources that are gone are really gone"
        options.append(click.Option(["--accept-vanished"], is_flag=True, envvar="MILL_ACCEPT_VANISHED", help=gone))
    if BY_TOOL[tool.name].per_dataset:
        options.insert(1, click.Option(["--dataset"], default="", help="which one; needed where there are several"))
    return options


def _dataset(tool: Tool, loaded: settings.Settings, name: str) -> str:
    if not BY_TOOL[tool.name].per_dataset:
        return ""
    names = settings.dataset_names(loaded)
    if not name and len(names) == 1:
        return names[0]
    if name not in names:
        problem = f"There is no dataset {name}" if name else "There are several datasets"
        raise settings.UsageError(f"{problem}. Say --dataset with one of: {', '.join(names)}.")
    return name


def key_comments(section: str) -> Mapping[str, str]:
    """What the project's config.toml says behind each key of a section: it is the help of the option."""
    text = (settings.ROOT / "config.toml").read_text(encoding="utf-8")
    match = re.search(rf"^\[{re.escape(section)}\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    found = re.findall(r"^(\w+)\s*=[^#\n]*#\s*(.+)$", match[1] if match else "", re.MULTILINE)
    return dict(found)


def tell(report: runs.Report, base: Path, as_json: bool, quiet: bool, dry_run: bool) -> None:
    """Say what a run did: a line on stderr, or JSON on stdout."""
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(report)))
        return
    if quiet:
        return
    for note in report.notes:
        click.echo(note, err=True)
    name = f"{report.tool} {report.dataset}".strip()
    if dry_run:
        click.echo(f"{name}: {report.waiting} wait. Nothing was changed.", err=True)
        return
    if not report.counts:
        click.echo(f"{name}: nothing to do.", err=True)
    else:
        counts = {kind: ", ".join(f"{n} {status}" for status, n in each.items()) for kind, each in report.kinds.items()}
        done = "; ".join(f"{kind} {told}" for kind, told in counts.items())
        idle = "nothing done" if report.left else "decided again"
        click.echo(f"{name}: {done or idle}, in {report.seconds:.1f} s.", err=True)
    if report.failed:
        from tools.mill.words import command

        told = f"{report.failed} failed. `{command(base, 'failures')}` names them; RETRY_FAILED=1 tries again."
        click.echo(f"{name}: {told}", err=True)
