-- Every row in force has its file.
-- Ledger, error. What tools made and the manifest speaks of lies in its folder: images, masks, and the images of the
-- packages with the files that package writes beside them.
-- Remedy: Type make verify REPAIR=1, then make all: what is lost is made again.
-- Needs: files.
with wanted as (
    select item.id as item_id, item.path, step.tool
    from item
    join step on step.id = item.step_id and step.active
    where item.newest and item.made and item.parent_id is not null and item.path <> ''
    union all
    select item.id, composite.mask_path, 'composite'
    from composite
    join item on item.id = composite.item_id and item.newest and item.made
    join step on step.id = item.step_id and step.active
    where composite.mask_path <> ''
    union all
    select package_item.item_id, package_item.path, 'package'
    from package
    join step on step.id = package.step_id and step.active
    join package_item on package_item.package_id = package.id
    where package.state = 'current'
    union all
    select null, '07_final_training/' || step.dataset || '/' || beside.name, 'package'
    from package
    join step on step.id = package.step_id and step.active
    join (
        select 'manifest.json' as name
        union all select 'metadata.json'
        union all select 'metadata.jsonl'
        union all select 'shots.json'
        union all select 'dataset.toml'
    ) as beside
    where package.state = 'current'
        and exists (select 1 from package_item where package_item.package_id = package.id)
)
select wanted.item_id, wanted.path, 'Its file is not there.' as detail
from wanted
where wanted.tool not in (select tool from temp.busy)
    and not exists (select 1 from temp.lying where lying.path = wanted.path)
order by wanted.item_id is null, wanted.item_id, wanted.path;
