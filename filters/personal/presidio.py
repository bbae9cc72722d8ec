"""Our recognisers in Presidio's engine, for its users: to run them beside others, or to put them into an engine of their own.

Presidio's own KR recognisers are not among them: they know neither Korean context words nor disguises, and their findings are
a part of ours (bench/pii.py compares them). No run loads this module.
"""

import logging
from collections.abc import Iterable, Iterator
from functools import cache, cached_property

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

from algok.filters.personal.analyzer import FUNCTIONS, Words, kinds_of
from algok.filters.personal.finding import Finding, Recogniser, resolve
from algok.filters.personal.people import names
from algok.korean.kiwi import kiwi, morphemes

_LANGUAGE = "ko"


class KoreanWords(NlpArtifacts):
    """What Kiwi says of the words of a text, asked only where it is needed."""

    def __init__(self, text: str, engine: "KiwiEngine"):
        self._text, self.words = text, Words(text)
        self.nlp_engine, self.language = engine, _LANGUAGE
        self.entities, self.scores, self.keywords = [], [], []

    @cached_property
    def tokens(self) -> list:
        """All morphemes of the text."""
        return morphemes(self._text)

    @cached_property
    def tokens_indices(self) -> list[int]:
        return [token.start for token in self.tokens]

    @cached_property
    def lemmas(self) -> list[str]:
        return [token.lemma for token in self.tokens]


class KiwiEngine(NlpEngine):
    """Presidio's view of Kiwi. Words are looked at when a recogniser asks for them."""

    def load(self) -> None:
        kiwi()

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        return KoreanWords(text, self)

    def process_batch(
        self, texts: Iterable[str], language: str, batch_size: int = 1, n_process: int = 1, **kwargs
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        for text in texts:
            yield text, self.process_text(text, language)

    def is_stopword(self, word: str, language: str) -> bool:
        return False

    def is_punct(self, word: str, language: str) -> bool:
        return not any(char.isalnum() for char in word)

    def get_supported_entities(self) -> list[str]:
        return []

    def get_supported_languages(self) -> list[str]:
        return [_LANGUAGE]


class PatternsOf(EntityRecognizer):
    """One of our functions over text as a recogniser of Presidio."""

    def __init__(self, function: Recogniser, kinds: list[str]):
        self.function = function
        super().__init__(supported_entities=kinds, name=function.__name__, supported_language=_LANGUAGE)

    def load(self) -> None:
        """Nothing to load."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: KoreanWords) -> list[RecognizerResult]:
        return [_result(finding, self) for finding in nlp_artifacts.words.findings(self.function)]


class Persons(EntityRecognizer):
    """Names beside contact data, which are recognised first."""

    def __init__(self, others: list[PatternsOf]):
        self._others = others
        super().__init__(supported_entities=["person"], name="person", supported_language=_LANGUAGE)

    def load(self) -> None:
        """Kiwi is loaded by the first candidate."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: KoreanWords) -> list[RecognizerResult]:
        others = [other for other in self._others if set(other.supported_entities) & set(entities)]
        contacts = resolve(finding for other in others for finding in nlp_artifacts.words.findings(other.function))
        return [_result(finding, self) for finding in names(text, contacts, nlp_artifacts.words.is_name)]


class _NoEnhancer(ContextAwareEnhancer):
    """Our rules look at their context themselves; Presidio's enhancer searches all words for every finding."""

    def __init__(self) -> None:
        super().__init__(0, 0, 0, 0)

    def enhance_using_context(self, text, raw_results, nlp_artifacts, recognizers, context=None):
        return raw_results


def _result(finding: Finding, recogniser: EntityRecognizer) -> RecognizerResult:
    names_of = {
        RecognizerResult.RECOGNIZER_NAME_KEY: finding.rule,
        RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: recogniser.id,
    }
    return RecognizerResult(finding.kind, finding.start, finding.end, finding.score, recognition_metadata=names_of)


@cache
def analyzer() -> AnalyzerEngine:
    """The engine, built once per process."""
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)  # it would name what it finds
    patterns = [PatternsOf(function, kinds_of(function)) for function in FUNCTIONS]
    registry = RecognizerRegistry(recognizers=[*patterns, Persons(patterns)], supported_languages=[_LANGUAGE])
    return AnalyzerEngine(
        registry=registry,
        nlp_engine=KiwiEngine(),
        supported_languages=[_LANGUAGE],
        context_aware_enhancer=_NoEnhancer(),
    )
