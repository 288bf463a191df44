"""Who people are: faces compared, tracked through a shot, clustered, named."""
