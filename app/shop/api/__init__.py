"""The API: catalogue, cart, checkout and orders as JSON, over SQLite or MySQL."""
