-- Paths that `gc` has written down as removed: where it was killed, some of those files are still there.
select distinct path from audit where actor = 'gc' and action = 'superseded_removed';
