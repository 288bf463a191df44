-- What keypoints tell of a person; all null where the detector gives none.

-- posture: standing, sitting, crouching, bending, lying. arms: up (a hand above the head's middle), out, down. extent: how
-- far down they are seen: head, bust, waist, knees, full. parts_json: the parts that are seen, a list of face, shoulders,
-- hands, hips, knees, feet. view may now be back as well: seen from behind.
alter table person add column posture text check (posture in ('standing', 'sitting', 'crouching', 'bending', 'lying'));
alter table person add column arms text check (arms in ('up', 'out', 'down'));
alter table person add column extent text check (extent in ('head', 'bust', 'waist', 'knees', 'full'));
alter table person add column parts_json text;
