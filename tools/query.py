"""Ask the manifest one of the questions in `sql/queries/`, or list them.

Example: python -m tools.query failures --base data --format csv
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from tools.mill.command import guard
from tools.mill.settings import UsageError
from tools.report import queries
from tools.report.reading import reading
from tools.report.table import Table, say


def as_csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows as CSV (RFC 4180): a name with commas, quotes or line breaks comes back as it is. Bytes are escaped text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_text(value) for value in row] for row in rows)
    return out.getvalue()


def as_json(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows as a JSON list of objects."""
    return json.dumps(
        [{name: _text(value) for name, value in zip(columns, row, strict=True)} for row in rows], indent=2
    )


def _text(value: object) -> object:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def ask(db: sqlite3.Connection, query: queries.Query, pairs: tuple[str, ...]) -> Table:
    """The answer to a query. Raises UsageError where its SQL does not fit what it was given."""
    values = queries.bind(query, pairs)
    try:
        found = db.execute(query.sql, values)
        return Table([column[0] for column in found.description], [tuple(row) for row in found])
    except sqlite3.OperationalError as error:
        raise UsageError(f"The query {query.name} cannot be answered: {error}. Look at sql/queries/.") from error


def known() -> Table:
    """All queries with what they answer."""
    found = [queries.load(name) for name in queries.names()]
    rows = [(one.name, one.title, one.description, " ".join(one.parameters)) for one in found]
    return Table(("query", "title", "description", "parameters"), rows)


def overview(found: Table) -> Iterator[str]:
    """The list of queries as a person reads it."""
    for name, title, description, parameters in found.rows:
        takes = "".join(f" {parameter}=" for parameter in str(parameters).split())
        yield f"{name}{takes}"
        yield f"  {title}. {description}".rstrip()


@click.command()
@click.argument("name", required=False)
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option(
    "-p",
    "--parameter",
    "pairs",
    multiple=True,
    metavar="KEY=VALUE",
    help="what the query takes; several with blanks between",
)
@click.option("--describe", is_flag=True, help="say what the query answers and show its SQL")
def main(name: str | None, base: Path, form: str, pairs: tuple[str, ...], describe: bool) -> None:
    """Answer the query NAME; without NAME, list them."""
    if name is None:
        answer = known()
        if form == "table":
            say(overview(answer))
            return
    elif describe:
        say([queries.load(name).sql.rstrip()])
        return
    else:
        query = queries.load(name)
        with reading(base) as db:
            answer = ask(db, query, pairs)
    if form == "csv":
        click.echo(as_csv(answer.columns, answer.rows), nl=False)
    elif form == "json":
        click.echo(as_json(answer.columns, answer.rows))
    else:
        say([answer])
        if not answer.rows:
            click.echo("No rows.", err=True)


if __name__ == "__main__":
    guard(lambda: main(standalone_mode=False))
