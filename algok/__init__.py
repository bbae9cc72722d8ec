"""algok (알곡): curates Korean text for language-model training.

Packages, in their one direction of dependence (no arrow back up):
`cli → pipelines → filters, taxonomy → classifiers → kernels`.
"""

__version__ = "0.1.0"
