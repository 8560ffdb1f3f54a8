"""The storefront: pages rendered on the server. What it knows of the shop it asks the API over HTTP."""
