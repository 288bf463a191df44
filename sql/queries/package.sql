-- Package: the images of the current packages with their captions, and where each comes from.
-- dataset: empty for all.
select * from final
where :dataset = '' or dataset = :dataset
order by dataset, path;
