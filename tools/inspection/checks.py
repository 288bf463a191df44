"""Checks: the files in `sql/qc/`, one question each, that return what is wrong.

A file's comment says the title; then milestone, severity and what is looked at; then the remedy; and, where rows do not
suffice, what it needs: `Needs: files.` (what lies in the workspace's folders, in temp.lying and temp.outdated) or
`Opens: NAME.` (each row that it returns is inspected by that function of `tools/inspection/opened.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tools.mill.manifest import SQL

FOLDER = SQL / "qc"

_HEAD = re.compile(
    r"(?P<title>[A-Z][^\n]+)\.\n"
    r"(?P<milestone>QC\d|Ledger), (?P<severity>error|warning)\. (?P<description>.+?)\n"
    r"Remedy: (?P<remedy>.+?)"
    r"(?:\nNeeds: (?P<needs>files)\.)?"
    r"(?:\nOpens: (?P<opens>[a-z]+)\.)?",
    re.DOTALL,
)


@dataclass(frozen=True)
class Check:
    """One check. milestone: QC0 to QC8, or Ledger. severity: error or warning. opens: who inspects its rows, or None.

    files: it asks for what lies in the workspace's folders.
    """

    name: str
    title: str
    milestone: str
    severity: str
    description: str
    remedy: str
    files: bool
    opens: str | None
    sql: str

    @property
    def heeds(self) -> bool:
        """Whether it looks at what changes while a tool is at work."""
        return self.files or self.opens is not None or "temp.busy" in self.sql


def parse(name: str, text: str) -> Check:
    """A check from its file's text. Raises ValueError where its comment is not of the form above."""
    comment = re.match(r"(?:--[^\n]*\n)*", text)
    lines = [line[2:].strip() for line in (comment[0] if comment else "").splitlines()]
    head = _HEAD.fullmatch("\n".join(lines))
    if head is None:
        raise ValueError(f"sql/qc/{name}.sql does not begin as a check does: tools/inspection/checks.py says how.")
    joined = {key: " ".join(head[key].split()) for key in ("title", "milestone", "severity", "description", "remedy")}
    return Check(name, **joined, files=head["needs"] is not None, opens=head["opens"], sql=text)


def checks() -> list[Check]:
    """All checks, in the order of the stages, those of the ledger last."""
    found = [parse(file.stem, file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.sql"))]
    return sorted(found, key=lambda check: (check.milestone == "Ledger", check.milestone, check.name))
