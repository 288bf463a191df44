-- A page of the masks that lie beside composites, each with what it should hold.
select composite.item_id as id, composite.mask_path as path, composite.mask_sha256 as sha256, 0 as bytes
from composite
where composite.item_id > :after and composite.mask_path <> ''
order by composite.item_id
limit :limit;
