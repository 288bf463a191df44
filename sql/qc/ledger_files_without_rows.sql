-- Every file has its row.
-- Ledger, error. In the folders that tools write to there is nothing that the manifest does not speak of. The packages
-- are for people to add to, and are not looked at.
-- Remedy: Type make verify REPAIR=1: what does not belong there is moved to orphans/.
-- Needs: files.
select null as item_id, lying.path, 'No row speaks of it.' as detail
from temp.lying
where lying.tool <> 'package' and lying.tool not in (select tool from temp.busy)
    and not exists (select 1 from item where item.path = lying.path)
    and not exists (select 1 from composite where composite.mask_path = lying.path)
order by lying.path;
