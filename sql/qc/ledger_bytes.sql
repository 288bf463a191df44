-- No file is empty or has another size than was written.
-- Ledger, error. The bytes on the disk are as many as the manifest says; none of the workspace's files has zero bytes.
-- Remedy: Type make verify REPAIR=1, then make all: it is made again.
-- Needs: files.
select item.id as item_id, lying.path, printf('It has %d bytes.', lying.bytes) as detail
from temp.lying
left join item on item.path = lying.path and item.newest
where lying.tool not in (select tool from temp.busy)
    and (lying.bytes = 0 or (item.bytes is not null and item.bytes <> lying.bytes))
order by lying.path;
