-- Whom each dataset is about; an empty subject takes everybody.
select null as item_id, name as address, subject as version
from dataset
where active
order by name;
