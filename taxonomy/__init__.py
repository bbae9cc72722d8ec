"""The four axes as data (domains, styles, seeds, lexicons), and a step for each that tags documents."""
