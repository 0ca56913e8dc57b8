"""What the rooms agree on: how a setting is declared, and the labels on a container. Imports none of them."""
