-- Limits: every limit of every step: what it measures, and the bound in force.
-- op: what is below (<) or above (>) the bound is rejected with the reason. bound: null before the step has run. dataset:
-- empty for the steps that all datasets share.
create view limits as
with declared (tool, key, reason, metric, op) as (
    values
        ('intake', 'max_missing', 'corrupt_container', 'missing_share', '>'),
        ('intake', 'min_side', 'low_resolution', 'short_side_px', '<'),
        ('detect', 'max_people', 'too_many_people', 'people_count', '>'),
        ('detect', 'min_confidence', 'low_confidence', 'confidence', '<'),
        ('detect', 'min_height_px', 'too_small', 'height_px', '<'),
        ('detect', 'min_relative_height', 'bystander', 'relative_height', '<'),
        ('detect', 'min_relative_sharpness', 'bystander', 'relative_sharpness', '<'),
        ('match', 'unsure_distance', 'other_person', 'distance', '>'),
        ('match', 'max_distance', 'identity_unsure', 'distance', '>'),
        ('match', 'max_flips', 'identity_unsure', 'flips', '>'),
        ('match', 'max_faceless', 'identity_unsure', 'faceless', '>'),
        ('match', 'min_stir', 'still_picture', 'stir', '<'),
        ('match', 'max_unwanted', 'unwanted_person', 'unwanted', '>'),
        ('mask', 'min_coverage', 'empty_mask', 'coverage', '<'),
        ('mask', 'max_coverage', 'full_mask', 'coverage', '>'),
        ('mask', 'min_head_share', 'head_missing', 'head_share', '<'),
        ('mask', 'max_crown_gap', 'head_missing', 'crown_gap', '>'),
        ('mask', 'max_top_width', 'head_missing', 'top_width', '>'),
        ('mask', 'max_feet_gap', 'feet_missing', 'feet_gap', '>'),
        ('mask', 'max_straight_share', 'straight_edge', 'straight_share', '>'),
        ('mask', 'max_other_face_share', 'other_person_in_mask', 'other_face_share', '>'),
        ('mask', 'max_translucent_share', 'translucent', 'translucent_share', '>'),
        ('score', 'min_crop_mp', 'subject_too_small', 'crop_mp', '<'),
        ('score', 'min_sharpness', 'blurry', 'sharpness', '<'),
        ('score', 'face_covered', 'face_covered', 'face_covered_share', '<'),
        ('score', 'max_dark', 'under_exposed', 'dark_share', '>'),
        ('score', 'max_bright', 'over_exposed', 'bright_share', '>'),
        ('score', 'min_solidity', 'low_solidity', 'solidity', '<'),
        ('score', 'max_contours', 'too_many_contours', 'contours', '>'),
        ('score', 'min_eye_aspect', 'eyes_closed', 'eye_aspect', '<'),
        ('score', 'max_noise', 'noisy', 'noise_level', '>'),
        ('score', 'max_blocking', 'blocky', 'blocking', '>'),
        ('score', 'max_bars', 'letterboxed', 'bar_share', '>'),
        ('score', 'max_overlay', 'burnt_in', 'overlay_share', '>'),
        ('composite', 'max_halo', 'halo', 'halo', '>'),
        ('package', 'min_canvas_mp', 'too_small_for_training', 'canvas_mp', '<')
)
select
    step.tool, step.dataset, declared.key, declared.reason, declared.metric, declared.op,
    json_extract(step.limits_json, '$.' || declared.key) as bound, step.id as step_id
from declared
join step on step.tool = declared.tool and step.active;
