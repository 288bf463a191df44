-- Captions written: the texts that a reviewer wrote after the decision :after, but for those of the package (:note).
select uid from decision where id > :after and verdict = 'caption' and note is not :note order by id;
