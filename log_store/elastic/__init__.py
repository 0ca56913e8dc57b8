"""Documents in Elasticsearch 8 and 9: an index a day, one for seals, one for problems (see `index`)."""
