"""Docker's own copy of a container's log, compared with what was received, and what is missing put back."""
