"""Forecast: how much work, time and disk some footage will take."""
