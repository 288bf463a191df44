-- Every file below the workspace that a row speaks of.
select path from item where path is not null
union
select mask_path from composite where mask_path is not null;
