"""Picture: an item's picture, by id and size."""

from __future__ import annotations

from tools.lighttable.desk import Page
from tools.lighttable.pictures import SIZES, answer

PAGE = Page("picture", "", 0, {rf"/(?P<item>[1-9][0-9]{{0,17}})/(?P<size>{'|'.join(SIZES)})": answer})
