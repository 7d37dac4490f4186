"""Run the command line: `python -m dagserial`."""

from dagserial.cli import main

if __name__ == "__main__":
    main()
