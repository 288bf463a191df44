-- Waiting: which tools have work to do.
-- What waits is taken up by the next `make all`.
select stage, tool, dataset, kind, waiting, inputs
from funnel
where waiting > 0;
