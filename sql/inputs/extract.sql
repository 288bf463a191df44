-- Videos and photos that passed intake.
-- raw_path: the name below the folder, as bytes. size, mtime_ns: of the file that was read. duration_s,
-- declared_frames: of videos.
select
    item.id as item_id, item.kind, item.address, item.path, item.sha256,
    file.folder, file.path as raw_path, file.size, file.mtime_ns,
    video.duration_s, video.declared_frames
from outcome
join step on step.id = outcome.step_id
join item on item.id = outcome.item_id
join file on file.id = (select min(id) from file where item_id = item.id)
left join video on video.item_id = item.id
where step.tool = 'intake' and step.dataset = ''
    and outcome.kind in ('video', 'photo') and outcome.latest and outcome.live and outcome.passed and item.newest;
