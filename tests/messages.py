"""The messages of the tools that several test files compare, each defined once.

The rule: a message that only one test file compares is quoted there. As soon as a second one compares it, it moves to
this file. `tests/unit/test_quoted.py` holds the rule.
"""

# Starts and their plan.
NOTHING_TO_DO = "nothing to do"
NOT_BUILT = "not built yet"
NOT_HEALTHY_YET = "not healthy yet"
NOT_HEALTHY_WITHIN = "is not healthy within"
LAST_WORDS = "its last words:"
LOGGED_NOTHING = "it logged nothing"
MEMORY_AT_MOST = "memory at most"
NEXT = "next: inv dev.logs --follow, inv dev.test, inv dev.down"
WHOLE_OUTPUT = "the whole output:"
TO_CONTINUE = "to continue: inv dev.up"

# The container engine and its images.
NO_ENGINE_ANSWERS = "no container engine answers"
CHECK_DOCKER = "then check: docker version"
NO_COMPOSE_PLUGIN = "docker has no compose plugin"
INSTALL_COMPOSE_PLUGIN = "install the Compose plugin"
NOT_PULLED = "could not be pulled"
NOT_BUILDABLE = "the image could not be built"

# Conflicts: ports, other commands, other checkouts.
TAKEN_BY = "is taken by"
HELD_BY = "is held by"
ALREADY_RUNS = "already runs in workspace"
KEEP_DATA = "# to keep its data: inv dev.up --workspace"

# Arguments and dev.yaml.
DID_YOU_MEAN = "did you mean"
NOT_REQUIRED = "does not require"
NOT_A_PORT = "is not a valid port"
NOT_A_WORKSPACE_NAME = "is not a valid workspace name"
ADD_A_LINE = "add a line"
MUST_BE_MAPPING = "must be a mapping"
MUST_BE_TEXT = "must be text"
NOT_ALLOWED = "is not allowed here"
WHOLE_NUMBER = "must be a whole number"
NOT_SUPPORTED = "is not supported"
IS_THE_SERVICE = "is the service"

# The service's own commands and its data.
ENDED_WITH = "ended with exit code"
CHECK_FINDS_NO_DATA = "ended with exit code 0, but its check finds no data"
CHECK_BY_HAND = "to check by hand: inv dev.run --"
NOT_FOR_AN_ENVIRONMENT = "which no environment variable can hold"
DATA_OF = "the data of"
SET_ASIDE = "is set aside with its rows"
OF_A_PACKAGE = "of a package is missing"

# The tools themselves, and the fleet.
FETCHING_TOOLS = "fetching the tools of"
MAKING_TOOL_ENVIRONMENT = "making the tool environment in"
NO_FOLDER = "the folder does not exist"
KNOWN_FROM_BEFORE = "known from before"
TOOK_LONGER = "it took longer than"

# Retrofit and update.
NOT_IN_GIT = "is not in a git repository"
NOT_COMMITTED = "has changes that are not committed"
HAS_BRANCH = "already has a branch"
NO_ANSWERS_FILE = "no template, commit and answers"
IS_A_LINK = "is a link"
OR_NEWER = "or newer is needed"
USES_A_COPY = "use a copy of"
DOCKER_REFUSES = "Docker refuses this user"

# Repositories of others.
IS_NEW = "is new on this machine"
NOT_REACHED = "cannot be reached"
NOT_EXPECTED = "an error that was not expected"

# Secrets.
EXPECTED_LOGIN = "expected: machine HOST login NAME password PASSWORD"
STILL_VALID = "is it still valid?"
NOT_KNOWN = "not known until it is needed"
NO_LONGER_SET = "starts without what is no longer set"
