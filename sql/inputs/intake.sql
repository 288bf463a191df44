-- Every file in the raw folders.
-- raw_path: the name below the folder, as bytes. same_as: of a copy (its address has a ~), the file that counts instead.
select
    item.id as item_id, item.kind, item.address, item.path, item.sha256,
    file.folder, file.path as raw_path, file.shown, file.size,
    original.path as same_as
from item
join file on file.id = (select min(id) from file where item_id = item.id)
left join item as original
    on original.kind = item.kind and original.newest
    and original.address = substr(item.address, 1, instr(item.address, '~') - 1)
where item.kind in ('video', 'photo', 'background', 'reference') and item.newest;
