-- Live moment: what a page can tell by whether what it shows may have changed: by word, something that is another then.
-- Of each step the last run that has ended; the last decision; the last word of the audit; the last time of the checks.
-- Nothing is counted, each is one step into an index: every page that is looked at asks this every few seconds.
select
    step.tool || case step.dataset when '' then '' else '.' || step.dataset end as word,
    (
        select run.id || ' ' || coalesce(run.finished_at, '')
        from run
        where run.step_id = step.id and run.status <> 'running'
        order by run.id desc
        limit 1
    ) as last
from step
where step.active and exists (select 1 from run where run.step_id = step.id and run.status <> 'running')
union all
select word, last from (select 'decided' as word, (select max(id) from decision) || '' as last) where last is not null
union all
select word, last from (select 'audited' as word, (select max(id) from audit) || '' as last) where last is not null
union all
select word, last from (select 'checked' as word, (select max(id) from qc_run) || '' as last) where last is not null;
