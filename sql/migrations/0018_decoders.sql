-- Which decoder took the pictures out of each video.

-- Of a source: decoder, that decoded it: nvdec (the GPU), pyav (software) or decord. decoder_fallback: why the GPU that is
-- there did not, in a sentence; null where nothing else was to do it.
alter table extract add column decoder text;
alter table extract add column decoder_fallback text;
