-- Every file in the raw folders has been judged by intake.
-- QC0, warning. Raw files are accepted, rejected or failed; one without any verdict came after the last run.
-- Remedy: Type make all; it reads what is new.
select file.item_id, file.folder || '/' || file.shown as path, 'No verdict of intake is there.' as detail
from file
left join outcome
    on outcome.item_id = file.item_id and outcome.latest and outcome.live
    and outcome.step_id = (select id from step where tool = 'intake' and dataset = '')
where outcome.id is null
order by file.folder, file.shown;
