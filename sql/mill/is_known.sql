-- Whether any row speaks of a file below the workspace.
select
    exists (select 1 from item where path = :path)
    or exists (select 1 from composite where mask_path = :path);
