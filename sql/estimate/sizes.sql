-- How many images of each kind have files, with their megapixels and bytes.
select kind, count(*) as n, sum(width * height) / 1e6 as megapixels, sum(bytes) as bytes
from item
where newest and path is not null and parent_id is not null and bytes > 0 and width > 0
group by kind;
