"""A shelf: a mill without machines whose composites are real pictures, packaged, for tests of what people do there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from making import Mill
from packing import bench, name_of, row

from tools import package
from tools.mill.tool import Dataset
from tools.training.names import files_of


class Shelf:
    """A mill whose composites are real pictures, packaged for a dataset with the trigger ohwx."""

    def __init__(self, mill: Mill) -> None:
        self.mill, self.base, self.db = mill, mill.base, mill.db
        self.folder = mill.base / "07_final_training/default"
        (mill.base / "config.toml").write_text('[dataset.default]\ntrigger = "ohwx"\n', encoding="utf-8")
        self.db.execute("update dataset set trigger_word = 'ohwx'")
        found = mill.all(
            """select composite.id, composite.address, caption.id from item as composite
            join item as caption on caption.parent_id = composite.parent_id and caption.kind = 'caption'
            where composite.kind = 'composite' and composite.newest order by composite.address"""
        )
        self.rows = [
            row(mill.base, number, address=address, item_id=item_id, caption_id=caption_id)
            for number, (item_id, address, caption_id) in enumerate(found, 1)
        ]
        self.pack()

    def pack(self, rows: list[dict[str, Any]] | None = None) -> None:
        settings = {"name": "default", "trigger": "ohwx", "class_word": "woman"}
        results = package.work_set(self.rows if rows is None else rows, bench(self.base, package.Params(), **settings))
        package.conclude(self.db, self.mill.step("package")["id"], Dataset(name="default"), results)

    def text(self, number: int = 0) -> Path:
        return self.folder / files_of(name_of(self.rows[number]))[2]

    def cutout(self, number: int = 0) -> str:
        return str(self.rows[number]["address"]).removesuffix("/default/v0")

    def said(self) -> list[Any]:
        return self.mill.all("select address, dataset, value, note from decision where verdict = 'caption' order by id")

    def captions(self) -> list[Any]:
        return self.mill.all(
            """select caption.text, caption.author from caption join item on item.id = caption.item_id
            where item.newest and caption.author = 'person' order by caption.text"""
        )
