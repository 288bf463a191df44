-- Requests whose answer could not be used, and which were asked anew.

-- set_aside_at: when an answer that could not be used was set aside, because somebody asked again (RETRY_FAILED=1). Its
-- digest then ends in a hyphen and a number, so that it is found no more; attempts and cost go on counting.
alter table request add column set_aside_at text;
