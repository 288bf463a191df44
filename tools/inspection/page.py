"""The page of checks, docs/qc.md: its table is made from the comments of the SQL files.

Example: python -m tools.inspection.page
"""

from __future__ import annotations

import re
from pathlib import Path

import click

from tools.inspection.checks import Check, checks
from tools.mill.settings import ROOT, UsageError

PAGE = ROOT / "docs" / "qc.md"
BEGIN, END = "<!-- checks -->", "<!-- end -->"


def table(found: list[Check]) -> str:
    """The checks as Markdown tables, one for each milestone."""
    lines = []
    milestone = ""
    for check in found:
        if check.milestone != milestone:
            milestone = check.milestone
            lines += ["", f"### {milestone}", "", "| check | severity | what holds | what to do |", "|---|---|---|---|"]
        holds = f"**{check.title}.** {check.description}"
        opens = " Opens files." if check.opens else " Looks into the folders." if check.files else ""
        lines.append(f"| `{check.name}` | {check.severity} | {holds}{opens} | {check.remedy} |")
    return "\n".join(lines[1:])


def filled(text: str, found: list[Check]) -> str:
    """A page with the table of today between its marks. Raises UsageError where it has none."""
    parts = re.split(f"({BEGIN}|{END})", text)
    if parts[1::2] != [BEGIN, END]:
        raise UsageError(f"{PAGE} needs the lines {BEGIN} and {END}, once each. Put them back.")
    return f"{parts[0]}{BEGIN}\n{table(found)}\n{END}{parts[4]}"


def write(page: Path = PAGE) -> None:
    """Put the table of today into the page."""
    page.write_text(filled(page.read_text(encoding="utf-8"), checks()), encoding="utf-8")


@click.command()
def main() -> None:
    """Write the table of checks into docs/qc.md."""
    write()


if __name__ == "__main__":
    from tools.mill.command import guard

    guard(lambda: main(standalone_mode=False))
