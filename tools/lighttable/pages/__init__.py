"""The pages, one file each: whatever lies in this folder and has a PAGE is a page."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from tools.lighttable.desk import Page


@cache
def all_pages() -> tuple[Page, ...]:
    """Every page, in the order of the navigation."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    pages = [module.PAGE for module in modules if hasattr(module, "PAGE")]
    return tuple(sorted(pages, key=lambda page: (page.place, page.word)))
