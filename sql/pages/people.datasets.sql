-- People datasets: whom each dataset is about, how many images it wants and how many are chosen.
-- subject '' takes everybody.
select
    dataset.name, dataset.subject, dataset.count as wanted,
    (
        select count(*)
        from outcome
        where outcome.step_id = step.id and outcome.kind = 'cutout' and outcome.latest and outcome.live
            and outcome.passed
    ) as chosen
from dataset
left join step on step.tool = 'select' and step.dataset = dataset.name
where dataset.active
order by dataset.name;
