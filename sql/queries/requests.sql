-- Requests: what was asked of services that other people run, and what it cost.
-- requests counts every try; set_aside: answers that could not be used and were asked for again.
-- cost_usd: at most, by the prices of the day. fault: the last of those without an answer.
select
    substr(sent_at, 1, 10) as day, engine, host, model, prompt_version,
    sum(set_aside_at is null) as images, sum(attempts) as requests,
    sum(answered_at is not null) as answered, sum(set_aside_at is not null) as set_aside,
    sum(tokens) as tokens, round(sum(cost), 4) as cost_usd, max(fault) as fault
from request
group by day, engine, host, model, prompt_version
order by day desc, engine, host, model, prompt_version;
