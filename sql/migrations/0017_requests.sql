-- What was asked of services that other people run, and captions that models write.

-- A request is one question about one image: its digest covers the image's bytes, the prompt, the model and its settings.
-- tool, engine, host, model, prompt_version, image_sha256: who asked whom, with what. attempts: how often it went out; it
-- is counted before it goes. bound: USD that one attempt can cost at most, by the prices of that day. cost (of 0001): USD
-- that it has cost at most; while no answer is there, each attempt counts with its bound. tokens (of 0001): input_tokens
-- and output_tokens together. fault: why the last attempt brought no answer, in words without any secret.
alter table request add column tool text;
alter table request add column engine text;
alter table request add column host text;
alter table request add column model text;
alter table request add column prompt_version text;
alter table request add column image_sha256 text;
alter table request add column attempts integer not null default 0;
alter table request add column bound real;
alter table request add column input_tokens integer;
alter table request add column output_tokens integer;
alter table request add column fault text;

-- request: the digest of the paid request behind it. prose, tags: both ways of saying it, where a model gave both. seen:
-- JSON object, what the model says it saw. left_out: JSON array of what it saw and left out of the caption. doubts: JSON
-- array of sentences, what the check of its words against the measurements has to say; null where nothing was checked.
alter table caption add column request text;
alter table caption add column prose text;
alter table caption add column tags text;
alter table caption add column seen text;
alter table caption add column left_out text;
alter table caption add column doubts text;
