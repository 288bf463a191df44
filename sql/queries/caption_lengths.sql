-- Caption lengths: how many words the captions of each dataset have.
-- dataset: empty for all.
select dataset, author, words, count(*) as n, min(text) as example
from captions
where status = 'ok' and (:dataset = '' or dataset = :dataset)
group by dataset, author, words
order by dataset, author, words;
