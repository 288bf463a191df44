-- Compare mask: which file holds the mask of a composite.
select item.address, item.version, composite.mask_path, composite.mask_sha256
from item
join composite on composite.item_id = item.id
where item.id = :item;
