-- A page of the user's files that could be read, each with what it held then.
select file.id, file.folder, file.path, file.sha256, file.size as bytes
from file
where file.id > :after and file.sha256 is not null
order by file.id
limit :limit;
