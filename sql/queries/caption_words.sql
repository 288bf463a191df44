-- Caption words: which words the captions of each dataset use, and in how many of them.
-- A word in all captions teaches like a trigger; one that never comes back teaches little. dataset: empty for all.
with recursive lines as (
    select item_id, dataset, lower(replace(replace(text, ',', ' '), '.', ' ')) || ' ' as rest
    from captions
    where status = 'ok' and (:dataset = '' or dataset = :dataset)
),
parts (item_id, dataset, word, rest) as (
    select item_id, dataset, '', rest from lines
    union all
    select item_id, dataset, substr(rest, 1, instr(rest, ' ') - 1), substr(rest, instr(rest, ' ') + 1)
    from parts
    where rest <> ''
),
totals as (
    select dataset, count(*) as n from lines group by dataset
)
select
    parts.dataset, parts.word, count(distinct parts.item_id) as n,
    round(1.0 * count(distinct parts.item_id) / totals.n, 3) as share
from parts
join totals on totals.dataset = parts.dataset
where parts.word <> ''
group by parts.dataset, parts.word
order by parts.dataset, n desc, parts.word;
