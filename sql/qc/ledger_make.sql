-- Make has nothing left to do.
-- Ledger, warning. Sources, settings, decisions and the program itself are those of the last make. Where stamps were
-- removed, or tools run without make, nobody can tell.
-- Remedy: Type make all.
-- Needs: files.
select null as item_id, step as path, detail
from temp.outdated
order by step;
