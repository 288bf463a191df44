-- The names that people have given, those of persons who are gone included.
select max(item_id) as item_id, value as address, count(*) as version
from decision
where verdict = 'identity'
    and uid not in (select undoes from decision where verdict = 'undo' and undoes is not null)
group by value
order by value;
