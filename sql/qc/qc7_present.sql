-- Every chosen cut-out has one caption.
-- QC7, error. Of each chosen cut-out that caption has done without a failure, there is exactly one, with words.
-- Remedy: Type make all; if it comes back, write one with make caption-edit.
with judged as (
    select
        outcome.item_id, item.path, step.dataset,
        (
            select count(*)
            from item as made
            join caption on caption.item_id = made.id and trim(caption.text) <> ''
            where made.parent_id = item.id and made.kind = 'caption' and made.newest and made.step_id = step.id
        ) as captions
    from outcome
    join step on step.id = outcome.step_id and step.tool = 'caption' and step.active
    join item on item.id = outcome.item_id
    where outcome.kind = 'cutout' and outcome.latest and outcome.live and outcome.status = 'ok'
)
select item_id, path, printf('It has %d captions in dataset %s.', captions, dataset) as detail
from judged
where captions <> 1
order by item_id;
