-- What tells a mask that is plainly wrong.

-- head_share: of the head above the nasion, drawn from the landmarks, that is opaque; null without landmarks. crown_gap,
-- feet_gap: how far inside the person's box the subject begins and ends, by the box's height; null where the box was
-- guessed from the face or reaches that side of the frame. top_width: the subject's width in its uppermost twentieth by
-- its greatest; null like crown_gap, and where a face shows. straight_share: of the outline that runs along sides of the
-- crop where the frame goes on. other_face_share: of another person's face, the most that is opaque. All are shares, 0 to
-- 1, the gaps negative where the subject reaches beyond the box.
alter table mask add column head_share real;
alter table mask add column crown_gap real;
alter table mask add column feet_gap real;
alter table mask add column top_width real;
alter table mask add column straight_share real;
alter table mask add column other_face_share real;
