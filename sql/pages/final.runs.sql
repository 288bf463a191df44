-- Final runs: when the tools that obey what people say began their last runs for a dataset.
select
    (select max(run.started_at) from run where run.step_id = chooser.id) as chosen_at,
    (
        select max(run.started_at)
        from run
        join step on step.id = run.step_id
        where step.tool = 'caption' and step.dataset = chooser.dataset
    ) as captioned_at,
    (
        select max(run.started_at)
        from run
        join step on step.id = run.step_id
        where step.tool = 'match'
    ) as matched_at
from step as chooser
where chooser.tool = 'select' and chooser.active and chooser.dataset = :dataset;
