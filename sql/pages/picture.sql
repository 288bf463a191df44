-- Picture: which file shows an item.
-- A source's own file by its raw name; of a video the frame in the middle of those taken out of it; of a caption its
-- cutout. path: null where there is nothing to see. version: of the item, so that a kept picture is asked for anew.
select
    item.kind, item.address, item.version, file.folder,
    case item.kind
        when 'caption' then (select parent.path from item as parent where parent.id = item.parent_id)
        when 'video' then (
            select frame.path
            from item as frame
            where frame.parent_id = item.id and frame.kind = 'frame' and frame.newest and frame.path is not null
                and frame.id >= (
                    select avg(counted.id)
                    from item as counted
                    where counted.parent_id = item.id and counted.kind = 'frame' and counted.newest
                        and counted.path is not null
                )
            order by frame.id
            limit 1
        )
        when 'photo' then file.path
        when 'background' then file.path
        when 'reference' then file.path
        else item.path
    end as path
from item
left join file on file.item_id = item.id
where item.id = :item
order by file.id
limit 1;
