"""The services that tests ask for by name; each is started when the first test wants it."""

from hypothesis import settings

pytest_plugins = ["tests.services.elasticsearch", "tests.services.dockerd"]

# A busy machine may take long over any example: no test is about time.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
