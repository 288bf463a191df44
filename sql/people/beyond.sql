-- How many persons are left out, as no reference photo shows them for sure; no row where there are no reference photos.
select count(*) as n
from outcome
where outcome.step_id = (select id from step where tool = 'match' and dataset = '')
    and outcome.kind = 'person' and outcome.latest and outcome.live
    and outcome.reason in ('other_person', 'identity_unsure') and not outcome.passed
having exists (
    select 1
    from outcome as photo
    where photo.step_id = (select id from step where tool = 'intake' and dataset = '')
        and photo.kind = 'reference' and photo.latest and photo.live and photo.passed
);
