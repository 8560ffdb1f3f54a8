from tests.terraform.conftest import moto

__all__ = ["moto"]
