"""What every measurement stands on: cores, pacer, load generator, tables and plots."""
