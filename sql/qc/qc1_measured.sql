-- Every frame and every extracted video is measured.
-- QC1, error. A kept frame has its time, size, sharpness and file; a video its windows and what was decoded.
-- Remedy: Something wrote to the manifest beside the tools: put a backup of it back, and type make all.
select outcome.item_id, item.path, 'A measurement or a fact of it is missing.' as detail
from outcome
join step on step.id = outcome.step_id and step.tool = 'extract'
join item on item.id = outcome.item_id
left join extract on extract.outcome_id = outcome.id
left join frame on frame.item_id = item.id
where outcome.latest and outcome.live and outcome.status = 'ok'
    and case outcome.kind
        when 'video' then extract.window_s is null or extract.decoded_frames is null
        when 'frame' then coalesce(
            frame.time_s < 0 or extract.candidates < 1 or extract.luma_tenengrad < 0 or item.width < 1
            or item.height < 1 or item.path = '',
            1
        )
        else 0
    end
order by outcome.item_id;
