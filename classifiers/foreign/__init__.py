"""Models of other libraries: files of fastText, KenLM, ONNX and skops that a recipe names instead of a model folder."""
