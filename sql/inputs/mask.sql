-- Persons that passed match, each with the frames before and after it in the same shot.
-- The box and the crop's corner are in pixels of the frame, face, landmarks, keypoints and others in pixels of the crop.
-- other_faces_json: the faces of everybody else in the frame, in its pixels. beside_json: the paths of the neighbouring
-- frames with the boxes of their people. beside: the versions of both: where another frame or somebody else stands there,
-- the person waits again. Unless told which index, SQLite reads the people of all frames.
select
    item.id as item_id, item.kind, item.address, item.path, item.sha256,
    person.box_x0_px, person.box_y0_px, person.box_x1_px, person.box_y1_px,
    person.face_x0_px, person.face_y0_px, person.face_x1_px, person.face_y1_px,
    person.crop_x_px, person.crop_y_px, person.keypoints_json, person.others_json, person.box_slack, person.box_whole,
    person.landmarks_json, person.cut_top, person.cut_bottom,
    frame_item.path as frame_path, frame_item.width as frame_width_px, frame_item.height as frame_height_px,
    (
        select json_group_array(json_array(x0, y0, x1, y1))
        from (
            select
                face_x0_px + crop_x_px as x0, face_y0_px + crop_y_px as y0,
                face_x1_px + crop_x_px as x1, face_y1_px + crop_y_px as y1
            from item as their indexed by item_parent
            join person as them on them.item_id = their.id
            where their.parent_id = frame_item.id and their.kind = 'person' and their.newest
                and their.id <> item.id and them.face_x0_px is not null
            order by their.address
        )
    ) as other_faces_json,
    (
        select json_group_array(json_object('path', near.path, 'people', json(near.people)))
        from (
            select
                near.path,
                (
                    select json_group_array(json_array(box_x0_px, box_y0_px, box_x1_px, box_y1_px))
                    from (
                        select them.* from item as their indexed by item_parent
                        join person as them on them.item_id = their.id
                        where their.parent_id = near.id and their.kind = 'person' and their.newest
                        order by their.address
                    )
                ) as people
            from item as near
            join frame as near_frame on near_frame.item_id = near.id
            where near.parent_id = frame_item.parent_id and near_frame.shot = frame.shot and near.id in (
                (
                    select id from item where kind = 'frame' and newest and path is not null
                        and address < frame_item.address order by address desc limit 1
                ), (
                    select id from item where kind = 'frame' and newest and path is not null
                        and address > frame_item.address order by address limit 1
                )
            )
            order by near.address
        ) as near
    ) as beside_json,
    (
        select group_concat(version, ' ')
        from (
            select near.version || coalesce(their.version, '') as version
            from item as near
            join frame as near_frame on near_frame.item_id = near.id
            left join item as their on their.parent_id = near.id and their.kind = 'person' and their.newest
            where near.parent_id = frame_item.parent_id and near_frame.shot = frame.shot and near.id in (
                (
                    select id from item where kind = 'frame' and newest and path is not null
                        and address < frame_item.address order by address desc limit 1
                ), (
                    select id from item where kind = 'frame' and newest and path is not null
                        and address > frame_item.address order by address limit 1
                )
            )
            order by near.address, their.address
        )
    ) as beside
from outcome
join step on step.id = outcome.step_id
join item on item.id = outcome.item_id
join person on person.item_id = item.id
join item as frame_item on frame_item.id = item.parent_id
join frame on frame.item_id = frame_item.id
where step.tool = 'match' and step.dataset = ''
    and outcome.kind = 'person' and outcome.latest and outcome.live and outcome.passed and item.newest;
