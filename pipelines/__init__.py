"""recipe → plan → tasks → commit: reads inputs, runs the steps phase by phase, and keeps the account of every document."""
