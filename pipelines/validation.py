"""Checks plain data of a YAML file against a model: every problem with its file, line, key and the nearest valid name."""

from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from algok.pipelines.plugins import nearest
from algok.pipelines.recipe_source import KeyPath, RecipeText


def checked(
    model: type[BaseModel],
    data: Any,
    path: KeyPath,
    source: RecipeText,
    problems: list[str],
    extra_keys: tuple[str, ...] = (),
) -> Any:
    """The validated model, or None after adding a line for every problem."""
    try:
        return model.model_validate({} if data is None else data)
    except ValidationError as error:
        for item in error.errors():
            problems.append(_problem(item, model, path, source, extra_keys))
        return None


def _problem(
    item: ErrorDetails, model: type[BaseModel], path: KeyPath, source: RecipeText, extra_keys: tuple[str, ...]
) -> str:
    location = (*path, *item["loc"])
    key = ".".join(map(str, location)) or "recipe"
    place = source.place(location)
    if item["type"] == "extra_forbidden":
        known = [*_fields_at(model, item["loc"][:-1]), *extra_keys]
        return f"{place}: {key}: unknown key{nearest(str(item['loc'][-1]), known)}"
    if item["type"] in ("model_type", "dict_type"):
        keys = ", ".join(_fields_at(model, item["loc"]))
        return f"{place}: {key}: expected a mapping{f' with keys such as {keys}' if keys else ''}"
    message = item["msg"].removeprefix("Value error, ")
    given = item.get("input")
    shown = f" (given: {given!r})" if isinstance(given, str | int | float | bool) else ""
    return f"{place}: {key}: {message[:1].lower()}{message[1:]}{shown}"


def _fields_at(model: type[BaseModel], location: tuple) -> list[str]:
    """The field names valid at a location inside a model, for suggestions."""
    for key in location:
        if isinstance(key, int):
            continue
        field = model.model_fields.get(key)
        candidates = _models_in(field.annotation) if field else []
        if not candidates:
            return []
        model = candidates[0]
    return list(model.model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]
