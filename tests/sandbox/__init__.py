"""The tests of the sandbox, as a package: so that its conftest has a name of its own."""
