-- Overview sources: of the sources that gave the most frames, how many of their frames and cutouts are in.
-- Frames are counted source by source in the index on parents; the packaged through the current packages.
with taken as (
    select
        source.id as source_id,
        (
            select count(*)
            from item as frame
            where frame.parent_id = source.id and frame.kind = 'frame' and frame.newest
        ) as frames
    from item as source
    where source.kind in ('video', 'photo') and source.newest
    order by frames desc, source.id
    limit :limit
)
select
    source.id, source.kind, source.version, source.address,
    (select file.shown from file where file.item_id = source.id order by file.id limit 1) as name, taken.frames,
    (
        select count(*)
        from item as person
        where person.kind = 'person' and person.newest
            and person.address >= source.address || '/' and person.address < source.address || '0'
    ) as persons,
    (
        select count(*)
        from item as cutout
        join outcome on outcome.item_id = cutout.id and outcome.latest and outcome.live and outcome.passed
            and outcome.step_id = (select id from step where tool = 'score' and dataset = '')
        where cutout.kind = 'cutout' and cutout.newest
            and cutout.address >= source.address || '/' and cutout.address < source.address || '0'
    ) as passed,
    (
        select count(*)
        from package
        join package_item on package_item.package_id = package.id
        join item as packed on packed.id = package_item.item_id
        where package.state = 'current' and packed.address >= source.address || '/' and packed.address < source.address || '0'
    ) as packaged
from taken
join item as source on source.id = taken.source_id
where taken.frames > 0
order by taken.frames desc, source.id;
