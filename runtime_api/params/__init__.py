"""The parameters of requests: text in, checked values out."""
