-- Item kept: the image that was chosen instead of one, by its address.
select id, version, kind, path from item where kind = 'cutout' and address = :address and newest;
