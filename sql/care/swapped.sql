-- Of the changed files of a verification: those that hold what belongs to another one.
-- One pass over all that is known, not one for each fault. owner: the path of the other one; of several the first.
with wanted as materialized (
    select id, path, found_sha256
    from fault
    where verification_id = :verification and sort = 'changed' and found_sha256 is not null
),
known (sha256, path) as (
    select item.sha256, cast(item.path as blob)
    from item
    where item.parent_id is not null and item.path is not null and item.sha256 in (select found_sha256 from wanted)
    union all
    select composite.mask_sha256, cast(composite.mask_path as blob)
    from composite
    where composite.mask_sha256 in (select found_sha256 from wanted)
    union all
    select file.sha256, cast(file.folder || '/' as blob) || file.path
    from file
    where file.sha256 in (select found_sha256 from wanted)
)
select wanted.id, min(known.path) as owner
from wanted
join known on known.sha256 = wanted.found_sha256 and known.path <> wanted.path
group by wanted.id;
