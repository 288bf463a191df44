"""What must be true of a workspace in which no tool runs, and all that its manifest says, by natural keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from workspaces import ask, files, funnel_holds, natural

WRITTEN = ("01_extracted_frames", "02_person_crops", "03_masked_subjects", "05_augmented", "07_final_training")


def all_of(base: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that a manifest says of what is in force, by natural keys: also every fact and every measurement."""
    told = natural(base) | {
        "items": ask(base, f"select kind, address, version, path, sha256 from item where {_IN_FORCE}")
    }
    tables = {
        str(name): {str(row[1]) for row in ask(base, f'pragma table_info("{name}")')} for (name,) in ask(base, _TABLES)
    }
    for name, columns in tables.items():
        shown = ", ".join(f'told."{column}"' for column in sorted(columns) if not column.endswith("_id"))
        if "outcome_id" in columns:
            question = f"""select step.tool, step.dataset, item.kind, item.address, item.version, {shown}
            from "{name}" as told join outcome on outcome.id = told.outcome_id join step on step.id = outcome.step_id
            join item on item.id = outcome.item_id where outcome.latest and outcome.live"""
        else:
            question = f"""select item.kind, item.address, item.version, {shown}
            from "{name}" as told join item on item.id = told.item_id where {_IN_FORCE}"""
        told[str(name)] = sorted(ask(base, question), key=repr)
    return told | {name: sorted(ask(base, question), key=repr) for name, question in _MORE.items()}


_IN_FORCE = "item.newest and item.id in (select item_id from outcome where latest and live)"
"""What stands, whatever came before: the composite of a cutout that is no longer chosen is newest, but does not."""

_TABLES = """
select name from sqlite_schema as one
where type = 'table' and exists (select 1 from pragma_table_info(one.name) where name in ('item_id', 'outcome_id'))
    and name not in ('outcome', 'decision', 'audit', 'package_item', 'file')
"""

_MORE = {
    "lineage": """select child.kind, child.address, parent.kind, parent.address, role
        from lineage join item as child on child.id = child_id join item as parent on parent.id = lineage.parent_id
        join outcome on outcome.item_id = child_id and outcome.latest and outcome.live where child.newest""",
    "file": "select folder, file.path, file.sha256, kind, address from file left join item on item.id = item_id",
    "decision": "select kind, address, dataset, verdict from decision",
    "package": """select dataset, state, digest, item.address, package_item.path from package
        join step on step.id = package.step_id left join package_item on package_item.package_id = package.id
        left join item on item.id = package_item.item_id where state = 'current'""",
    "step": """select tool, dataset, limits_json, recipe.json from step left join recipe on recipe.id = recipe_id
        where active""",
}


def faults(base: Path) -> list[str]:
    """What is wrong with a workspace in which no tool runs; nothing where it is sound."""
    known = {row[0] for row in ask(base, "select path from item union select mask_path from composite")}
    made = set(files(base, *WRITTEN[:-1]))
    wanted = {row[0] for row in ask(base, "select path from item where made and parent_id is not null and path <> ''")}
    found = [f"it is half written: {path}" for path in base.rglob(".part-*")]
    found += [f"no row speaks of {path}" for path in sorted(made - known)]
    found += [f"its row is there, the file is not: {path}" for path in sorted(map(str, wanted - made))]
    found += [f"run {row[0]} of {row[1]} is still running" for row in ask(base, _RUNNING)]
    found += [str(row) for row in ask(base, "pragma integrity_check") if row != ("ok",)]
    found += [f"foreign key: {row}" for row in ask(base, "pragma foreign_key_check")]
    if not funnel_holds(base):
        found.append("the funnel's identity does not hold")
    return found


_RUNNING = "select run.id, tool from run join step on step.id = step_id where run.status = 'running'"


def differences(base: Path, expected: Mapping[str, list[tuple[object, ...]]]) -> list[str]:
    """Where a manifest says something else than expected, a line for each row too many or too few."""
    have = all_of(base)
    return [
        f"{name}: {sign} {row!r:.300}"
        for name in sorted(have.keys() | expected.keys())
        for sign, rows, others in (("+", have, expected), ("-", expected, have))
        for row in rows.get(name, [])
        if row not in others.get(name, [])
    ]


def ends_as(base: Path, expected: Path) -> None:
    """Assert that a workspace is sound and says and holds what another does."""
    assert faults(base) == []
    assert differences(base, all_of(expected)) == []
    assert files(base, *WRITTEN) == files(expected, *WRITTEN)
