-- People frames: of some frames, when they were and the file that they come from.
-- :ids is a JSON array of the ids of frames.
select item.id, item.parent_id as source_id, frame.time_s, frame.shot, file.shown as source
from json_each(:ids) as asked
join item on item.id = asked.value
join frame on frame.item_id = item.id
left join file on file.id = (select min(id) from file as some where some.item_id = item.parent_id);
