-- Measurements: what limits look at, one row for each outcome and measurement.
-- Asked for one metric, it reads the table of that one alone.
create view measurements as
select outcome_id, 'intake' as tool, 'missing_share' as metric, missing_share as value
from intake
where missing_share is not null
union all
select outcome_id, 'intake', 'short_side_px', short_side_px from intake where short_side_px is not null
union all
select outcome_id, 'detect', 'people_count', people_count from detect where people_count is not null
union all
select outcome_id, 'detect', 'confidence', confidence from detect where confidence is not null
union all
select outcome_id, 'detect', 'height_px', height_px from detect where height_px is not null
union all
select outcome_id, 'detect', 'relative_height', relative_height from detect where relative_height is not null
union all
select outcome_id, 'detect', 'relative_sharpness', relative_sharpness from detect where relative_sharpness is not null
union all
select outcome_id, 'match', 'distance', distance from "match" where distance is not null
union all
select outcome_id, 'match', 'flips', flips from "match" where flips is not null
union all
select outcome_id, 'match', 'faceless', faceless from "match" where faceless is not null
union all
select outcome_id, 'match', 'stir', stir from "match" where stir is not null
union all
select outcome_id, 'match', 'unwanted', unwanted from "match" where unwanted is not null
union all
select outcome_id, 'mask', 'coverage', coverage from mask where coverage is not null
union all
select outcome_id, 'mask', 'head_share', head_share from mask where head_share is not null
union all
select outcome_id, 'mask', 'crown_gap', crown_gap from mask where crown_gap is not null
union all
select outcome_id, 'mask', 'top_width', top_width from mask where top_width is not null
union all
select outcome_id, 'mask', 'feet_gap', feet_gap from mask where feet_gap is not null
union all
select outcome_id, 'mask', 'straight_share', straight_share from mask where straight_share is not null
union all
select outcome_id, 'mask', 'other_face_share', other_face_share from mask where other_face_share is not null
union all
select outcome_id, 'mask', 'translucent_share', translucent_share from mask where translucent_share is not null
union all
select outcome_id, 'score', 'crop_mp', crop_mp from score where crop_mp is not null
union all
select outcome_id, 'score', 'sharpness', sharpness from score where sharpness is not null
union all
select outcome_id, 'score', 'face_covered_share', face_covered_share from score where face_covered_share is not null
union all
select outcome_id, 'score', 'dark_share', dark_share from score where dark_share is not null
union all
select outcome_id, 'score', 'bright_share', bright_share from score where bright_share is not null
union all
select outcome_id, 'score', 'solidity', solidity from score where solidity is not null
union all
select outcome_id, 'score', 'contours', contours from score where contours is not null
union all
select outcome_id, 'score', 'eye_aspect', eye_aspect from score where eye_aspect is not null
union all
select outcome_id, 'score', 'noise_level', noise_level from score where noise_level is not null
union all
select outcome_id, 'score', 'blocking', blocking from score where blocking is not null
union all
select outcome_id, 'score', 'bar_share', bar_share from score where bar_share is not null
union all
select outcome_id, 'score', 'overlay_share', overlay_share from score where overlay_share is not null
union all
select outcome_id, 'composite', 'halo', halo from composite_measured where halo is not null
union all
select outcome_id, 'package', 'canvas_mp', canvas_mp from package_measured where canvas_mp is not null;
