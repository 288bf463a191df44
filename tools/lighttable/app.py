"""The application: Datasette over one workspace's manifest, with our pages and behind our gate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from datasette.app import Datasette, DatasetteClient
from datasette.plugins import pm

from tools.lighttable import plugin
from tools.lighttable.access import ACTOR, Access
from tools.lighttable.desk import DATABASE, TIME_LIMIT_MS, Desk, identity
from tools.lighttable.pages import all_pages
from tools.mill import decisions
from tools.mill.manifest import NAME, connect

HERE = Path(__file__).parent
SETTINGS = {
    "suggest_facets": False,
    "sql_time_limit_ms": TIME_LIMIT_MS,
    "facet_time_limit_ms": 1000,
    "num_sql_threads": 4,
    "allow_download": False,
    "default_page_size": 100,
    "template_debug": False,
    "trace_debug": False,
}
"""What mattered at 300,000 items: a facet that is only suggested reads the whole table."""


REPLACED = "Another manifest was put in the place of the one shown here. Close the table with Ctrl-C and open it again."
"""What is open would be read on from the old file, and decisions would go into the new one."""


def table(base: Path, port: int, used: Callable[[str], None] = lambda _token: None) -> tuple[Datasette, Access]:
    """A light table over a workspace, and what lets people in. used: called with the next token when one was used.

    Raises UsageError where the workspace has no manifest.
    """
    # With rich it would print every local variable of an error, for seconds, while nobody else is served.
    pm.get_plugin("datasette.handle_exception").rich = None
    connect(base).close()  # brings an older manifest to today's schema
    reviewer = decisions.actor()
    acts = frozenset(f"/-/{page.word}/{act}" for page in all_pages() for act in page.acts)
    words = frozenset(page.word for page in all_pages()) | {"sign-in", "table", "static"}
    began = identity(base.absolute())
    access = Access(port, reviewer, acts, words, used, lambda: REPLACED if identity(base.absolute()) != began else "")
    datasette = Datasette(
        [str((base / NAME).absolute())],
        settings=SETTINGS,
        metadata={"title": "Framemill", "databases": {DATABASE: {"allow_sql": ACTOR}}},
        static_mounts=[("-/table", str(HERE / "static"))],
        secret=access.secret,
    )
    plugin.TABLES[datasette] = plugin.Served(Desk(datasette, base.absolute(), reviewer), access)
    if not pm.is_registered(plugin):
        pm.register(plugin, "lighttable")
    # Its own was made before our gate was known.
    datasette.client = DatasetteClient(datasette)
    return datasette, access


def desk_of(datasette: Datasette) -> Desk:
    return plugin.TABLES[datasette].desk
