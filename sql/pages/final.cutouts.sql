-- Final cutouts: what is shown of some cutouts beside what is chosen.
-- :ids is a JSON array of item ids.
select
    cutout.id, cutout.version, cutout.path, cutout.address, cutout.width, cutout.height,
    person.shot, person.view, person.posture, person.arms, frame.time_s, source.kind as source_kind,
    (select file.shown from file where file.item_id = source.id order by file.id limit 1) as source_name
from json_each(:ids) as asked
join item as cutout on cutout.id = asked.value
join person on person.item_id = cutout.parent_id
join item as person_item on person_item.id = cutout.parent_id
join frame on frame.item_id = person_item.parent_id
join item as frame_item on frame_item.id = person_item.parent_id
join item as source on source.id = frame_item.parent_id
order by asked.key;
