-- Overview reasons: why items stand rejected or failed, the most frequent first within each step.
select tool, dataset, kind, reason, n, share from failures;
