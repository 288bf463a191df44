-- Selection: which cutouts each dataset has chosen, in the order of choice, and which not, and why.
-- dataset: empty for all.
select
    dataset, chosen, rank, item_id, reason, detail, who, shot, view, round(score, 3) as score, score_parts,
    round(difference, 3) as difference, round(nearly, 3) as nearly, moment, source_path, time_s, path
from selection
where :dataset = '' or dataset = :dataset
order by dataset, chosen desc, rank, score desc, item_id;
