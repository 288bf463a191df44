-- Decisions that one command wrote are taken back together.

-- together: the same text on all decisions that one name, merge or split wrote; null where each stands for itself.
alter table decision add column together text;
create index decision_together on decision (together) where together is not null;
