# Owner: this service. The template wrote it once and leaves it to you.
