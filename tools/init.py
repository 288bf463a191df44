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
from tools.mill.command import INTERRUPTED, guard
from tools.mill.plan import FOLDERS
from tools.mill.settings import CHOICES, UsageError, check_dataset, load, parse
from tools.mill.tool import Dataset
from tools.mill.walk import shown
from tools.mill.words import command, listing

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


def check(key: str, text: str) -> Any:
    """One answer in its type. Raises UsageError that says what is wrong with it."""
    if not text.isprintable() or any("\ud800" <= char <= "\udfff" for char in text):
        raise UsageError(f"{key} is {shown(os.fsencode(text))!r}, which holds what cannot be printed. Type plain text.")
    if key in ("trigger", "class_word") and not text.strip():
        raise UsageError(f"{key} is empty. Type a word.")
    if key == "subject" and ("/" in text or text in (".", "..")):
        raise UsageError(f"subject is {text!r}; it must be the name of one folder in {FOLDERS['reference']}.")
    # The place is left out of what is said: it was typed, and stands in no file yet.
    place = "[dataset.default] "
    try:
        if key == "name":
            check_dataset(text, {}, Path(CONFIG))
            return text
        value = parse(text, getattr(DEFAULT, key), f"{place}{key}", CONFIG)
        check_dataset("default", {key: value}, Path(CONFIG))
    except UsageError as error:
        raise UsageError(str(error).removeprefix(f"{CONFIG}: ").removeprefix(place)) from error
    return value


def wrong(given: Mapping[str, str | None]) -> list[str]:
    """What is wrong with what was given, a sentence for each value that will not do."""
    said = []
    for key, text in given.items():
        try:
            if text is not None:
                check(key, text)
        except UsageError as error:
            said.append(str(error))
    return said


def ask(given: Mapping[str, str | None]) -> dict[str, Any]:
    """The answers to all questions: those given, the others from the terminal, each checked as it comes."""
    answers: dict[str, Any] = {}
    for question in QUESTIONS:
        text = given[question.key]
        if text is not None:
            answers[question.key] = check(question.key, text)
        else:
            convert, shows = _checked(question.key), bool(question.default)
            answers[question.key] = click.prompt(
                question.text, default=question.default, value_proc=convert, show_default=shows, err=True
            )
    return answers


def _checked(key: str) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        try:
            value = check(key, text.strip())
            return _settled(value) if key == "trigger" else value
        except UsageError as error:
            raise click.UsageError(str(error)) from error

    return convert


def _settled(trigger: str) -> str:
    """The trigger, or another that is typed at the warning. Raises UsageError where it is to be asked for anew."""
    first = trigger
    while problem := warning(trigger):
        text = f"{problem} Take it all the same? y, n or another word"
        answer = str(click.prompt(text, default="n", err=True)).strip()
        if answer.casefold() in ("y", "yes"):
            break
        if answer.casefold() in ("n", "no"):
            raise UsageError("Then another one.")
        trigger = check("trigger", answer)
    if trigger != first:
        click.echo(f'The trigger is "{trigger}".', err=True)
    return trigger


def complete(given: Mapping[str, str | None], yes: bool) -> dict[str, str | None]:
    """What is given, with the defaults of what need not be said.

    Raises UsageError that says, a line each, which values are wrong and which are missing.
    """
    filled = dict(given)
    for question in QUESTIONS:
        if filled[question.key] is None and (yes or not question.needed):
            filled[question.key] = question.default
    said = wrong(given)
    missing = [question.option for question in QUESTIONS if filled[question.key] is None]
    if missing:
        variables = listing([f"{option.upper()}=…" for option in missing])
        say = f"Say also {variables} ({', '.join(f'--{option}' for option in missing)})"
        if yes:
            said.append(f"{say}: there is no default for that.")
        else:
            said.append(
                f"There is no terminal to ask at. {say}; or YES=1 (--yes), which takes the default of what has one."
            )
    if said:
        raise UsageError("\n".join(said))
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
def main(base: Path, yes: bool, **given: str | None) -> int:
    """Ask for what was not said, write it, and say what comes next. Returns the exit code."""
    load(base)  # what is wrong with a configuration that is there is told before anything is asked
    asks = sys.stdin.isatty() and not yes
    if not asks:
        given = complete(given, yes)
    elif said := wrong(given):
        raise UsageError("\n".join(said))
    try:
        answers = ask(given)
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nInterrupted. Nothing was written.", err=True)
        return INTERRUPTED
    problem = warning(answers["trigger"]) if given["trigger"] is not None else None
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
    return 0


if __name__ == "__main__":
    guard(lambda: main(prog_name="python -m tools.init", standalone_mode=False))
