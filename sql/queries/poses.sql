-- Poses: how many people of each view, posture, arms and extent passed.
-- Empty where the detector gives no keypoints: builtin knows views alone.
select
    coalesce(view, '') as view, coalesce(posture, '') as posture, coalesce(arms, '') as arms,
    coalesce(extent, '') as extent, count(*) as people
from persons
where status = 'ok'
group by view, posture, arms, extent
order by people desc, view, posture, arms, extent;
