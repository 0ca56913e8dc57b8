"""`/logs?follow=true`: a log as it grows, from any point, whole and in order."""
