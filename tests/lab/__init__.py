"""A lab of real parts on one machine: Docker engine, registry and Kubernetes, in namespaces of their own."""
