"""Begin a workspace: ask what is to be trained, write its config.toml, make the folders for your footage.

Writes: config.toml with a section for the dataset, and the folders 00_*. No file that is there is written over: a
config.toml gets a further section.
Example: python -m tools.init --base data/emma --name emma --trigger emx7 --class woman --target sdxl --yes
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tools.begin.common import warning
from tools.begin.writing import CONFIG, add_dataset
from tools.mill.command import guard
from tools.mill.plan import FOLDERS
from tools.mill.settings import CHOICES, UsageError, check_dataset, load, parse
from tools.mill.tool import Dataset
from tools.mill.walk import shown
from tools.report.words import command, listing

DEFAULT = Dataset()


@dataclass(frozen=True)
class Question:
    """What is asked. key: in the configuration; option: at the command line; default: what an empty answer means.

    needed: without a terminal it must be said.
    """

    key: str
    option: str
    text: str
    default: str | None
    needed: bool


QUESTIONS = (
    Question("name", "name", "Name of the dataset (a-z, 0-9, -)", "default", True),
    Question("trigger", "trigger", "Trigger, a word that means nothing yet, like emx7", None, True),
    Question("class_word", "class", "What it is in general: person, woman, man", DEFAULT.class_word, True),
    Question("target", "target", f"The model it is for: {', '.join(CHOICES['target'])}", DEFAULT.target, True),
    Question("count", "count", "How many images, 20 to 60", str(DEFAULT.count), False),
    Question("subject", "subject", "Whose folder in 00_reference_faces; empty for everybody", "", False),
)


def check(base: Path, key: str, text: str, name: str) -> Any:
    """One answer in its type, for the dataset of that name. Raises UsageError that says what is wrong with it."""
    where = base / CONFIG
    if not text.isprintable() or any("\ud800" <= char <= "\udfff" for char in text):
        raise UsageError(f"{key} is {shown(os.fsencode(text))!r}, which holds what cannot be printed. Type plain text.")
    if key == "name":
        check_dataset(text, {}, where)
        return text
    if key in ("trigger", "class_word") and not text.strip():
        raise UsageError(f"{key} is empty. Type a word.")
    if key == "subject" and ("/" in text or text in (".", "..")):
        raise UsageError(f"subject is {text!r}; it must be the name of one folder in {FOLDERS['reference']}.")
    default = getattr(DEFAULT, key)
    value = parse(text, default, f"[dataset.{name}] {key}", str(where))
    check_dataset(name, {key: value}, where)
    return value


def ask(base: Path, given: Mapping[str, str | None]) -> dict[str, Any]:
    """The answers to all questions: those given, the others from the terminal, each checked as it comes."""
    answers: dict[str, Any] = {}
    for question in QUESTIONS:
        text, name = given[question.key], answers.get("name", "")
        if text is not None:
            answers[question.key] = check(base, question.key, text, name)
        else:
            convert = _checked(base, question.key, name)
            shows = bool(question.default)
            answers[question.key] = click.prompt(
                question.text, default=question.default, value_proc=convert, show_default=shows, err=True
            )
    return answers


def _checked(base: Path, key: str, name: str) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        try:
            value = check(base, key, text.strip(), name)
        except UsageError as error:
            raise click.UsageError(str(error)) from error
        problem = warning(str(value)) if key == "trigger" else None
        if problem and not click.confirm(f"{problem} Take it all the same?", default=False, err=True):
            raise click.UsageError("Then another one.")
        return value

    return convert


def complete(given: Mapping[str, str | None], yes: bool) -> dict[str, str | None]:
    """What is given, with the defaults of what need not be said. Raises UsageError that names what is missing."""
    filled = dict(given)
    for question in QUESTIONS:
        if filled[question.key] is None and (yes or not question.needed):
            filled[question.key] = question.default
    missing = [f"--{question.option}" for question in QUESTIONS if filled[question.key] is None]
    if missing:
        if yes:
            raise UsageError(f"Say also {listing(missing)}: there is no default for that.")
        raise UsageError(
            f"There is no terminal to ask at. Say also {listing(missing)}; or --yes, which takes what has a default."
        )
    return filled


def make_folders(base: Path, subject: str) -> list[str]:
    """Make the folders for the user's files where they are not there; returns those that are new."""
    wanted = [*FOLDERS.values(), *([f"{FOLDERS['reference']}/{subject}"] if subject else [])]
    new = [folder for folder in wanted if not (base / folder).is_dir()]
    for folder in new:
        (base / folder).mkdir(parents=True)
    return new


@click.command("init", help=(__doc__ or "").replace("\n\n", "\n\n\b\n", 1))
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option("--name", help="of the dataset: a-z, 0-9, -")
@click.option("--trigger", help="the word that will call what is trained; no real word")
@click.option("--class", "class_word", help="what it is in general: person, woman, man")
@click.option("--target", help="the model it is for: sdxl, flux, wan")
@click.option("--count", help="how many images")
@click.option("--subject", help="the folder in 00_reference_faces of whom you want; empty for everybody")
@click.option("--yes", is_flag=True, help="ask nothing, take the defaults")
def main(base: Path, yes: bool, **given: str | None) -> None:
    """Ask for what was not said, write it, and say what comes next."""
    load(base)  # what is wrong with a configuration that is there is told before anything is asked
    asks = sys.stdin.isatty() and not yes
    answers = ask(base, given if asks else complete(given, yes))
    problem = warning(answers["trigger"]) if given["trigger"] is not None or not asks else None
    if problem:
        click.echo(f"Warning: {problem}", err=True)
    name = answers.pop("name")
    check_dataset(name, answers, base / CONFIG)
    new = add_dataset(base, name, answers)
    make_folders(base, answers["subject"])
    place = shown(os.fsencode(base / CONFIG))
    click.echo(f"{place}: {'written' if new else 'one section more'}, [dataset.{name}].", err=True)
    faces = answers["subject"] or "NAME"
    click.echo(
        f"Next: put videos into {shown(os.fsencode(base))}/{FOLDERS['video']}, photos into {FOLDERS['photo']}, a few "
        f"pictures of whom you want into {FOLDERS['reference']}/{faces}; then: {command(base, 'estimate')}",
        err=True,
    )


if __name__ == "__main__":
    guard(lambda: main(prog_name="python -m tools.init", standalone_mode=False))
