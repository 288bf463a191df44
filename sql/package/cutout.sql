-- The cutout at an address: the one in force, or the last one that stood there.
select id, kind, address from item where kind = 'cutout' and address = :address order by newest desc, id desc limit 1;
