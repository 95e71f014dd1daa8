# The commands of Renkei. `make` alone explains them.
SHELL := /bin/bash
.PHONY: help demo test bench lint clean

help:
	@echo 'make demo          builds, makes a demo network under var/demo, starts both servers, walks through the'
	@echo '                   main job and stays up until Ctrl-C. make demo ONCE=1 ends by itself.'
	@echo 'make test          runs every test (installs the Debian packages that they need)'
	@echo 'make bench         prints figures of each path against a floor measured in the same run; with'
	@echo "                   BENCH='--journal' or BENCH='--trail-events 10000000' those of the audit parts"
	@echo 'make lint          formatting, lints, layers: the quick part of .ci/run'
	@echo '.ci/run            everything that must hold before a change lands'

demo:
	@docker/install-packages.sh demo
	@echo 'Building release binaries (the first time takes a few minutes) ...'
	@cargo build --release --locked -p renkei-registry -p renkei-repository -p renkei-demo
	@target/release/renkei-demo --directory var/demo $(if $(ONCE),--once,)

test:
	@docker/install-packages.sh test
	@.ci/test

bench:
	@docker/install-packages.sh demo
	@cargo build --release --locked -p renkei-registry -p renkei-repository -p renkei-bench
	@GLIBC_TUNABLES=$${GLIBC_TUNABLES:-glibc.cpu.x86_rep_movsb_threshold=1000000000} target/release/renkei-bench $(BENCH)

lint:
	@.ci/run fast

clean:
	@rm -rf var/demo var/bench
