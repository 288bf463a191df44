-- Picture made: the frame that was taken from a photo, where the photo itself cannot be shown.
-- version: of the photo, so that a kept picture is asked for anew.
select photo.kind, photo.address, photo.version, frame.path
from item as photo
join item as frame on frame.parent_id = photo.id and frame.kind = 'frame' and frame.newest and frame.path is not null
where photo.id = :item and photo.kind = 'photo'
order by frame.id
limit 1;
