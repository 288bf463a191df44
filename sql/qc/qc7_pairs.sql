-- Every pair of a package is complete in the manifest.
-- QC7, error. Each image that package accepted is in the current package, with a caption of the same cut-out that has
-- words; and nothing else is in it.
-- Remedy: Move the dataset's folder out of 07_final_training/ and type make all: the package is made again.
with accepted as (
    -- of_last: by the last run. What has come to life again since waits for the next one.
    select
        outcome.step_id, outcome.item_id, outcome.live and outcome.recipe_id = step.recipe_id as of_last
    from outcome
    join step on step.id = outcome.step_id and step.tool = 'package' and step.active
    where outcome.kind = 'composite' and outcome.latest and outcome.status = 'ok'
),
packed as (
    select package.step_id, package_item.item_id, package_item.caption_id, package_item.path, package_item.text
    from package
    join step on step.id = package.step_id and step.active
    join package_item on package_item.package_id = package.id
    where package.state = 'current'
)
select accepted.item_id, item.path, 'It was accepted, but is in no current package.' as detail
from accepted
join item on item.id = accepted.item_id
left join packed on packed.step_id = accepted.step_id and packed.item_id = accepted.item_id
where accepted.of_last and packed.item_id is null
union all
select packed.item_id, packed.path, 'It is in the package, but was not accepted.'
from packed
left join accepted on accepted.step_id = packed.step_id and accepted.item_id = packed.item_id
where accepted.item_id is null
union all
select packed.item_id, packed.path, 'Its caption is missing, empty, or of another cut-out.'
from packed
join item on item.id = packed.item_id
left join item as text_item on text_item.id = packed.caption_id and text_item.parent_id = item.parent_id
left join caption on caption.item_id = text_item.id
where trim(coalesce(packed.text, caption.text, '')) = '' or text_item.id is null
order by 1, 3;
