-- No file is empty or has another size than was written.
-- Ledger, error. The bytes on the disk are as many as the manifest says; no file that a tool wrote has zero bytes. Of the
-- packages the images are looked at, which are copies of their composites: what else you put there is yours.
-- Remedy: Type make verify REPAIR=1, then make all: it is made again.
-- Needs: files.
with written as (
    select path, id as item_id, bytes from item where newest
    union all
    select package_item.path, package_item.item_id, item.bytes
    from package
    join step on step.id = package.step_id and step.active
    join package_item on package_item.package_id = package.id
    join item on item.id = package_item.item_id
    where package.state = 'current'
)
select written.item_id, lying.path, printf('It has %d bytes.', lying.bytes) as detail
from temp.lying
left join written on written.path = lying.path
where lying.tool not in (select tool from temp.busy)
    and (
        (lying.bytes = 0 and (lying.tool <> 'package' or written.item_id is not null))
        or (written.bytes is not null and written.bytes <> lying.bytes)
    )
order by lying.path;
