-- Caption doubts: what speaks against a caption's words, one line for each.
-- Words that contradict what was measured or what a second look saw, that name what is permanent or stands behind, and
-- texts that several images of a dataset share. It decides nothing: reject the image, or write the caption yourself.
-- dataset: empty for all.
with standing as (
    select item.id as item_id, caption.dataset, caption.text, caption.doubts
    from item
    join caption on caption.item_id = item.id
    join captions on captions.item_id = item.id and captions.status = 'ok'
    where item.newest and (:dataset = '' or caption.dataset = :dataset)
),
repeated as (
    select dataset, lower(text) as text, count(*) as n from standing group by dataset, lower(text) having count(*) > 1
)
select standing.dataset, standing.item_id, doubt.value as doubt, standing.text
from standing
join json_each(coalesce(standing.doubts, '[]')) as doubt
union all
select standing.dataset, standing.item_id, 'It is the text of ' || repeated.n || ' images.', standing.text
from standing
join repeated on repeated.dataset = standing.dataset and repeated.text = lower(standing.text)
order by 1, 2, 3;
