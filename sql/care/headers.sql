-- The user's videos and photos that intake has looked at: what tells a change of the file, and what its header says.
select
    file.folder, file.path, file.size, file.mtime_ns, file.ctime_ns, file.inode,
    coalesce(video.width_px, photo.width_px) as width_px, coalesce(video.height_px, photo.height_px) as height_px,
    coalesce(video.duration_s, 0.0) as duration_s, coalesce(video.frame_rate_hz, 0.0) as frame_rate_hz
from file
left join video on video.item_id = file.item_id
left join photo on photo.item_id = file.item_id
where video.item_id is not null or photo.item_id is not null;
