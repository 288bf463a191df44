-- Masks: what was measured of the cutouts, for each source and engine.
-- coverage: opacity by the area of the crop. largest_share: the largest part by the whole; below 1 the mask falls
-- apart. face_covered: share of the face; below 1 the mask bites into it.
select
    cutouts.source_path, json_extract(recipe.json, '$.engine[0]') as engine, count(*) as n,
    sum(cutouts.status = 'ok') as ok,
    round(min(cutouts.coverage), 3) as coverage_least, round(avg(cutouts.coverage), 3) as coverage_mean,
    round(max(cutouts.coverage), 3) as coverage_most,
    round(avg(cutouts.largest_share), 3) as largest_share_mean, round(avg(cutouts.soft_share), 3) as soft_share_mean,
    round(avg(cutouts.solidity), 3) as solidity_mean, round(avg(cutouts.contours), 1) as contours_mean,
    round(min(cutouts.face_covered_share), 3) as face_covered_least
from cutouts
join outcome
    on outcome.item_id = cutouts.item_id and outcome.latest
    and outcome.step_id = (select id from step where tool = 'mask' and dataset = '')
join recipe on recipe.id = outcome.recipe_id
group by cutouts.source_path, engine
order by cutouts.source_path, engine;
