-- What a dataset has chosen, in the order of choice, with the first composite of each where there is one.
select
    selection.rank, selection.shot, selection.view, selection.who, selection.score, selection.difference,
    selection.source_path, selection.time_s, selection.path as cutout_path,
    (
        select composites.path from composites
        where composites.cutout_id = selection.item_id and composites.dataset = selection.dataset
            and composites.status = 'ok'
        order by composites.path limit 1
    ) as composite_path
from selection
where selection.dataset = :dataset and selection.chosen
order by selection.rank is null, selection.rank, selection.item_id;
