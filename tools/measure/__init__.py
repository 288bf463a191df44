"""Measurements of a cut-out subject: numbers with definitions, and no opinion of what is enough."""
