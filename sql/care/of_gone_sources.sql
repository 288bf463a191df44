-- How many files, and how many bytes, hang on sources that are gone: they are kept in case their source returns.
-- temp.reachable holds what could be in force without a change of settings.
select count(*) as files, coalesce(sum(item.bytes), 0) as bytes
from item
join temp.reachable as kept on kept.id = item.id
where item.parent_id is not null and item.path is not null and not item.newest;
