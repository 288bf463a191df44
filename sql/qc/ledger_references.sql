-- Every row that points at another finds it.
-- Ledger, error. No foreign key of the manifest is broken.
-- Remedy: Somebody wrote to the manifest, or its disk has failed: put a backup of it back.
select
    null as item_id, "table" as path,
    printf(
        '%d rows point at rows of %s that are not there; the first is row %d.', count(*), parent, min(rowid)
    ) as detail
from pragma_foreign_key_check
group by "table", parent
order by 2, 3;
