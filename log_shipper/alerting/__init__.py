"""Alerts: rules that are evaluated as documents pass by, and how what they say goes out."""
