"""What is removed from the store on purpose: by age, by size, by a container's own term, or because somebody asked."""
