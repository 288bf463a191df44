-- Have what made an item wait again: neither its parent's outcome at its step nor its own there is the latest any more.
-- :ids is a JSON list of items. A parent whose latest outcome no longer makes the item is left alone.
update outcome
set latest = 0, live = 0
where latest and id in (
    select made_by.id
    from json_each(:ids) as wanted
    cross join item on item.id = wanted.value
    cross join outcome as made_by
        on made_by.item_id = item.parent_id and made_by.step_id = item.step_id and made_by.latest and item.made
    union all
    select own.id
    from json_each(:ids) as wanted
    cross join item on item.id = wanted.value
    cross join outcome as own on own.item_id = item.id and own.step_id = item.step_id and own.latest
);
