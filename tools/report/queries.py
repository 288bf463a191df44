"""Queries: the questions in `sql/queries/`. A file's first comment line is its title, the rest its description."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tools.mill.manifest import SQL
from tools.mill.settings import UsageError

FOLDER = SQL / "queries"

_NOT_SQL = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\"[^\"]*\"|/\*.*?\*/", re.DOTALL)
_PARAMETER = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)")


_DEFAULT = re.compile(r"(?:^|(?<=\. ))((?:\w+, )*\w+): (?:([^.]*?), )?empty for ([^.]+)\.")
"""How a description tells of parameters: "n: how many, empty for 20." or "tool, reason: empty for all." """


_BETWEEN = re.compile(r"\s+(?=\w+=)")
"""Where the next pair begins in a text of several, as make gives them: values may hold blanks."""


@dataclass(frozen=True)
class Parameter:
    """What a query takes. meaning: as its description says, may be empty. default: what stands for the empty text."""

    name: str
    meaning: str
    default: str


@dataclass(frozen=True)
class Query:
    """One question. parameters: names of what may be bound; what is not given is bound as the empty text.

    takes: the same, those that the description explains, each with what the empty text stands for.
    """

    name: str
    title: str
    description: str
    sql: str
    parameters: tuple[str, ...]
    takes: tuple[Parameter, ...] = ()


def parse(name: str, text: str) -> Query:
    """A query from its file's text. Raises ValueError where the title is missing."""
    lines = text.splitlines()
    count = next((place for place, line in enumerate(lines) if not line.startswith("--")), len(lines))
    comments = [line[2:].strip() for line in lines[:count]]
    if not comments:
        raise ValueError(f"sql/queries/{name}.sql begins with no comment. Its first line is to be the title.")
    code = _NOT_SQL.sub(" ", text)
    parameters = tuple(dict.fromkeys(_PARAMETER.findall(code)))
    description = " ".join(comments[1:])
    told = {
        each: Parameter(each, meaning, default)
        for named, meaning, default in _DEFAULT.findall(description)
        for each in named.split(", ")
    }
    takes = tuple(told[each] for each in parameters if each in told)
    return Query(name, comments[0].rstrip("."), description, text, parameters, takes)


def names() -> list[str]:
    return sorted(file.stem for file in FOLDER.glob("*.sql"))


def load(name: str) -> Query:
    """The query of that name. Raises UsageError that says which names come near."""
    if name not in names():
        raise UsageError(f"There is no query {name}. {nearest(name, names())} `make query` lists them all.")
    return parse(name, (FOLDER / f"{name}.sql").read_text(encoding="utf-8"))


def bind(query: Query, pairs: tuple[str, ...]) -> Mapping[str, str]:
    """What `-p key=value` gives to a query; a text may hold several. Raises UsageError for what it takes not."""
    values = dict.fromkeys(query.parameters, "")
    for pair in (one for text in pairs for one in _BETWEEN.split(text.strip())):
        key, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"-p {pair} is no key=value.")
        if key not in values:
            takes = nearest(key, query.parameters) if query.parameters else "It takes none."
            raise UsageError(f"The query {query.name} has no parameter {key}. {takes}")
        values[key] = value
    return values


def nearest(word: str, known: list[str] | tuple[str, ...]) -> str:
    """A sentence with the names that a mistyped one may have meant."""
    close = difflib.get_close_matches(word, known, 3, 0.5)
    close += [name for name in known if word and word in name and name not in close]
    if not close:
        return f"There are: {', '.join(known)}." if known else "There are none."
    return f"Did you mean {', '.join(close[:-1])}{' or ' if close[:-1] else ''}{close[-1]}?"
