"""AWS's double: moto as the control plane behind AWS's own names, the lab's registry as ECR, its API server as EKS.

`files.py` and `authority.py` write what its programs read, before the node starts; `server.py` is the program itself;
`registry.py`, `caller.py` and `cluster.py` are what moto alone does not do. docs/lab.md tells what it looks like.
"""
