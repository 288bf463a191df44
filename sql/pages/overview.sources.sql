-- Overview sources: of the sources that gave the most frames, how many of their frames and cutouts are in.
-- Counted by the index on parents; the packaged through the current packages.
with taken as (
    select item.parent_id as source_id, count(*) as frames
    from item
    where item.kind = 'frame' and item.newest and item.parent_id is not null
    group by item.parent_id
    order by frames desc
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
order by taken.frames desc, source.id;
