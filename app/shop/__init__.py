"""The shop that cloudnorth deploys: an API with a database, and a storefront of server-rendered pages."""
