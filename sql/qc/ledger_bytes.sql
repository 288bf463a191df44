-- No file is empty or has another size than was written.
-- Ledger, error. The bytes on the disk are as many as the manifest says; no file that a tool wrote has zero bytes. Of the
-- packages the images are looked at: what else you put there is yours.
-- Remedy: Type make verify REPAIR=1, then make all: it is made again.
-- Needs: files.
select
    coalesce(item.id, packed.item_id) as item_id, lying.path, printf('It has %d bytes.', lying.bytes) as detail
from temp.lying
left join item on item.path = lying.path and item.newest
left join (
    select package_item.path, package_item.item_id
    from package
    join step on step.id = package.step_id and step.active
    join package_item on package_item.package_id = package.id
    where package.state = 'current'
) as packed on packed.path = lying.path
where lying.tool not in (select tool from temp.busy)
    and (
        (lying.bytes = 0 and (lying.tool <> 'package' or packed.item_id is not null))
        or (item.bytes is not null and item.bytes <> lying.bytes)
    )
order by lying.path;
