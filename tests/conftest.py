"""The services that tests ask for by name; each is started when the first test wants it."""

pytest_plugins = ["tests.services.elasticsearch", "tests.services.dockerd"]
