-- Item sides: what else went into an item beside its main line: a ground, references.
select lineage.role, item.id, item.kind, item.version, item.path
from lineage
join item on item.id = lineage.parent_id
where lineage.child_id = :item
order by lineage.role, item.id
limit 24;
