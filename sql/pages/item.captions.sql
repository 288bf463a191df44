-- Item captions: the texts that were written for an item or its parent, the one in force first.
select caption.item_id as id, caption.dataset, caption.text, caption.author, caption.engine, item.newest, item.created_at
from item
join caption on caption.item_id = item.id
where item.kind = 'caption' and item.parent_id in (:item, (select parent_id from item where id = :item))
order by item.newest desc, item.id desc
limit 20;
