-- Gallery runs: when each run of a step began.
select id, started_at from run where step_id = :step order by id;
