-- The datasets that are about nobody, so that they take everybody.
select name from dataset where active and subject = '' order by name;
