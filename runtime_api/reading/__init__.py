"""How lines leave the API: which are chosen, in what form, at once or as they come."""
