-- No caption is repeated all over a dataset.
-- QC7, warning. Three captions or more that read the same, where they are a quarter of all: they say nothing of their
-- image.
-- Remedy: Take another captioner, or write some of them with make caption-edit.
with standing as (
    select step.dataset, caption.text, count(*) over (partition by step.id) as total
    from outcome
    join step on step.id = outcome.step_id and step.tool = 'caption' and step.active
    join caption on caption.item_id = outcome.item_id
    where outcome.kind = 'caption' and outcome.latest and outcome.live and outcome.passed
)
select null as item_id, dataset as path, printf('%d of %d read: %s', count(*), total, text) as detail
from standing
group by dataset, text
having count(*) >= 3 and count(*) >= 0.25 * total
order by dataset, count(*) desc, text;
