# Owner: the template. Do not edit: updates replace this file.
# The make targets: `make dev.up ARGS="--json"` is `sh .dev/run dev.up --json`.

DEV_RUN := $(dir $(lastword $(MAKEFILE_LIST)))run
DEV_TASKS := dev.up dev.down dev.restart dev.status dev.open dev.logs dev.test \
	dev.shell dev.run dev.dbshell dev.add dev.destroy \
	dev.migrate dev.seed dev.reset dev.snapshot dev.restore dev.state dev.schema \
	dev.list dev.edit dev.use dev.lock \
	dev.plan dev.doctor dev.explain contract.check \
	template.check template.update template.vendor template.prune dev.completion
# Targets that the Makefile above has itself keep their recipes.
DEV_TASKS := $(filter-out $(DEV_THEIRS),$(DEV_TASKS))

# A bare `make` lists the tasks, unless the Makefile that includes this file has a default goal.
ifeq ($(.DEFAULT_GOAL),)
.DEFAULT_GOAL := dev.help
endif

.PHONY: $(DEV_TASKS) dev.help

# `value` passes ARGS on as it was typed: make would expand its `$`.
$(DEV_TASKS):
	@sh '$(DEV_RUN)' $@ $(value ARGS)

dev.help:
	@sh '$(DEV_RUN)' --list

# `make help` prints the same. A pattern, so that a target `help` of your Makefile wins.
h%lp: dev.help
	@:
