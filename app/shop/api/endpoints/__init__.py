"""The API's operations, a room for each part of the shop: what comes in over HTTP, and which part answers."""
