"""The real command line with the fake platform behind it: `python -m tests.fake_cloudnorth deploy`."""

from cloudnorth_cli import platforms
from cloudnorth_cli.__main__ import main

platforms.PLATFORMS["local"] = platforms.PLATFORMS["kubernetes"] = "tests.fakes:FakePlatform"

if __name__ == "__main__":
    main()
