-- Captions datasets: those that captions are written for.
select dataset from step where tool = 'caption' and active order by dataset;
