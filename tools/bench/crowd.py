"""Who the people of a filled manifest are: faces in clusters of very different size, some with a name, some unsure."""

from __future__ import annotations

import sqlite3

import numpy as np

from tools.mill.manifest import transaction

CLUSTERS, NAMED, DIMENSIONS = 400, 12, 128
"""The n-th cluster has about a n-th of the images of the first; so many of the first have names."""

SPREAD = 0.06
"""Of each number of an embedding around its cluster's."""


def people(db: sqlite3.Connection, seed: int = 1) -> None:
    """Give everybody whom match has judged a face, a cluster, and distances; whom it rejected, it is unsure of."""
    ids = db.execute(
        """select embedded.id as embedded, judged.id as judged, item.address
        from outcome as judged
        join step on step.id = judged.step_id and step.tool = 'match'
        join item on item.id = judged.item_id
        join outcome as embedded on embedded.item_id = item.id and embedded.latest
            and embedded.step_id = (select id from step where tool = 'embed')
        where judged.kind = 'person' order by judged.id"""
    ).fetchall()
    rng = np.random.default_rng(seed)
    cluster = np.exp(rng.random(len(ids)) * np.log(CLUSTERS + 1)).astype(int)
    centres = rng.normal(0, 1 / DIMENSIONS**0.5, (CLUSTERS + 1, DIMENSIONS))
    points = (centres[cluster] + rng.normal(0, SPREAD, (len(ids), DIMENSIONS))).astype("<f4")
    height, distance = rng.uniform(24, 300, len(ids)), rng.uniform(0.2, 0.6, len(ids))
    with transaction(db):
        db.executemany(
            "insert into embed (outcome_id, embedding, spread, face_height_px) values (?, ?, 0.1, ?)",
            ((row["embedded"], point.tobytes(), size) for row, point, size in zip(ids, points, height, strict=True)),
        )
        db.executemany(
            """insert into "match" (outcome_id, cluster, track, identity, distance, next_identity, next_distance,
                unwanted, faceless)
            values (?, ?, ?, ?, ?, ?, 0.9, 0, 0)""",
            (
                (row["judged"], int(of), row["address"], _name(of), float(far), _name(of + 1))
                for row, of, far in zip(ids, cluster, distance, strict=True)
            ),
        )
        db.execute("update detect set face_sharpness = (outcome_id % 100) / 100.0 where height_px is not null")
        db.execute(
            """update outcome set reason = 'identity_unsure'
            where step_id = (select id from step where tool = 'match') and status = 'rejected'"""
        )


def _name(cluster: int) -> str | None:
    return f"person {cluster}" if cluster <= NAMED else None
