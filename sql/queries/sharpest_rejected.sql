-- Sharpest rejected: cut-outs that score rejected, the sharpest first: false rejects stand at the top.
-- reason: why it was rejected, empty for all. n: how many, empty for 100.
select item_id, path, round(sharpness, 3) as sharpness, status, reason, detail, shot, view, source_path, time_s
from cutouts
where status = 'rejected' and sharpness is not null and (:reason = '' or reason = :reason)
order by cutouts.sharpness desc, item_id
limit cast(coalesce(nullif(:n, ''), 100) as integer);
