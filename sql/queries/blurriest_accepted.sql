-- Blurriest accepted: cut-outs that passed, the blurriest first: false accepts stand at the top.
-- source: a part of its path, empty for all. n: how many, empty for 100.
select item_id, path, round(sharpness, 3) as sharpness, round(blur_px, 2) as blur_px, shot, view, source_path, time_s
from cutouts
where status = 'ok' and sharpness is not null and (:source = '' or instr(source_path, :source) > 0)
order by cutouts.sharpness, item_id
limit cast(coalesce(nullif(:n, ''), 100) as integer);
