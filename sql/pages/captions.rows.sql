-- Captions rows: the cut-outs that a dataset has chosen, each with its caption, or why it has none.
-- composite: id and version of its picture on a new ground. caption_*: of the caption in force; own_*: what became of it;
-- asked_*: what the captioner's step says of the cut-out itself, null where it was not asked yet. earlier: the last text
-- of an engine. ids: a JSON array of cut-outs; null for all.
select
    cutout.id, cutout.version, cutout.address, cutout.path, cutout.width, cutout.height, frame.time_s,
    coalesce(person.shot, '') as shot, coalesce(person.view, '') as view, person.extent,
    person.posture, choice.rank,
    coalesce(decision.verdict, '') as verdict, decision.dataset as verdict_dataset,
    (
        select composite.id || ':' || composite.version
        from item as composite
        where composite.parent_id = cutout.id and composite.kind = 'composite' and composite.newest
            and composite.path is not null
            and composite.step_id = (select id from step where tool = 'composite' and dataset = :dataset)
        order by composite.id
        limit 1
    ) as composite,
    text_item.id as caption_id, caption.text as caption_text, caption.author as caption_author,
    caption.engine as caption_engine, caption.prompt_version as caption_prompt, caption.prose, caption.tags,
    caption.doubts, own.passed as own_passed, own.status as own_status, own.reason as own_reason,
    own.detail as own_detail, asked.status as asked_status, asked.reason as asked_reason, asked.detail as asked_detail,
    case when caption.author = 'person' then (
        select before.text
        from item as old
        join caption as before on before.item_id = old.id and before.author <> 'person'
        where old.parent_id = cutout.id and old.kind = 'caption' and old.step_id = writer.id
        order by old.id desc
        limit 1
    ) end as earlier
from step as chooser
join step as writer on writer.tool = 'caption' and writer.dataset = chooser.dataset
join outcome as chosen indexed by outcome_gallery
    on chosen.step_id = chooser.id and chosen.kind = 'cutout' and chosen.latest and chosen.live
join item as cutout on cutout.id = chosen.item_id and cutout.newest
left join decision on decision.id = chosen.decision_id
left join person on person.item_id = cutout.parent_id
left join item as person_item on person_item.id = cutout.parent_id
left join frame on frame.item_id = person_item.parent_id
left join "select" as choice on choice.outcome_id = chosen.id
left join item as text_item
    on text_item.parent_id = cutout.id and text_item.kind = 'caption' and text_item.newest and text_item.step_id = writer.id
left join caption on caption.item_id = text_item.id
left join outcome as own on own.item_id = text_item.id and own.step_id = writer.id and own.latest and own.live
left join outcome as asked on asked.item_id = cutout.id and asked.step_id = writer.id and asked.latest and asked.live
where chooser.tool = 'select' and chooser.dataset = :dataset and chosen.passed
    and (:ids is null or chosen.item_id in (select value from json_each(:ids)))
order by cutout.id;
