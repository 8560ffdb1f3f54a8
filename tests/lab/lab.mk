# The lab's targets: `make lab`, `make lab NODES=2`, `make lab-shell`, `make lab-down`, `make lab-status`.
NODES ?= 1

.PHONY: lab lab-shell lab-down lab-status

lab: .venv/.dev ## real Kubernetes, Docker engine and registry on this machine (Linux, root; NODES=2 for two nodes)
	@$(PYTHON) -m tests.lab up --nodes $(NODES)

lab-shell: .venv/.dev ## a shell in which AWS's own names lead to the lab's double of AWS
	@$(PYTHON) -m tests.lab shell

lab-down: .venv/.dev ## end the lab and take back all it did to this machine; its built programs stay cached
	@$(PYTHON) -m tests.lab down

lab-status: .venv/.dev ## what the lab is made of, as JSON
	@$(PYTHON) -m tests.lab status
