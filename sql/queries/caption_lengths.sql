-- Caption lengths: how many words the captions of each dataset have.
-- most_tokens: an upper bound for CLIP's tokenizer, which reads 75.
-- dataset: empty for all.
select dataset, author, words, count(*) as n, max(tokens) as most_tokens, min(text) as example
from captions
where status = 'ok' and (:dataset = '' or dataset = :dataset)
group by dataset, author, words
order by dataset, author, words;
