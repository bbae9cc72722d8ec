"""Presidio with recognisers for Korean, and Kiwi for its words.

Presidio's AnalyzerEngine runs them over the folded text of a document's windows. Its own KR recognisers are not among them:
they know neither Korean context words nor disguises, and their findings are a part of ours (bench/pii.py compares them).
"""

import logging
from collections.abc import Iterable, Iterator
from functools import cache, cached_property, lru_cache
from typing import cast

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

from algok.filters.personal import contact as contact_
from algok.filters.personal import money, numbers, places, plates, telephones
from algok.filters.personal.finding import Finding, Recogniser, resolve
from algok.filters.personal.kinds import KindName
from algok.filters.personal.name_shapes import GIVEN
from algok.filters.personal.people import names
from algok.korean.kiwi import kiwi, morphemes

_LANGUAGE = "ko"
_SUFFIXES = "자인증서장일용상과부비율료금권점소실원관기"  # one syllable behind a noun makes another
_AROUND = 30  # characters on both sides of a candidate that Kiwi sees


class KoreanWords(NlpArtifacts):
    """What Kiwi says of the words of a text, asked only where it is needed."""

    def __init__(self, text: str, engine: "KiwiEngine"):
        self._text = text
        self.nlp_engine, self.language = engine, _LANGUAGE
        self.entities, self.scores, self.keywords = [], [], []
        self._findings: dict[Recogniser, list[Finding]] = {}

    def findings(self, function: Recogniser) -> list[Finding]:
        """What a function finds in the text, which names look at again."""
        if function not in self._findings:
            self._findings[function] = list(function(self._text))
        return self._findings[function]

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

    def is_name(self, start: int, end: int) -> bool:
        """What `_is_name` says of the characters in their surroundings."""
        low = max(0, start - _AROUND)
        return _is_name(self._text[low : end + _AROUND], start - low, end - low)


@lru_cache(10_000)  # pages of one site repeat themselves
def _is_name(text: str, start: int, end: int) -> bool:
    """Kiwi takes the characters for a proper noun or a word it does not know; or it takes them apart, but not so that they
    begin with a common noun (이용+자, but 이용+연), and the rest could be a given name behind a surname (이+명자)."""
    given = all(syllable in GIVEN for syllable in text[max(start + 1, end - 2) : end])
    tokens = morphemes(text)
    for number, token in enumerate(tokens):
        first, last = token.start, token.end
        if last <= start or first >= end or token.oov or token.tag == "NNP":
            continue
        is_word = min(last, end) - first >= 2
        rest = tokens[number + 1].tag if end - last == 1 and number + 1 < len(tokens) else ""
        surname = given and rest[:1] == "N" and text[last] not in _SUFFIXES
        if (
            first < start
            or token.tag[0] == "E"
            or (is_word and first == start and not surname)
            or (not given and (is_word or token.tag[0] != "N"))
        ):
            return False
    return True


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
        return [_result(finding, self) for finding in nlp_artifacts.findings(self.function)]


class Persons(EntityRecognizer):
    """Names beside contact data, which are recognised first."""

    def __init__(self, others: list[PatternsOf]):
        self._others = others
        super().__init__(supported_entities=["person"], name="person", supported_language=_LANGUAGE)

    def load(self) -> None:
        """Kiwi is loaded by the first candidate."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: KoreanWords) -> list[RecognizerResult]:
        others = [other for other in self._others if set(other.supported_entities) & set(entities)]
        contacts = resolve(finding for other in others for finding in nlp_artifacts.findings(other.function))
        return [_result(finding, self) for finding in names(text, contacts, nlp_artifacts.is_name)]


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


# What needs digits in the text.
_OF_DIGITS: tuple[Recogniser, ...] = (
    *numbers.RECOGNISERS,
    *money.RECOGNISERS,
    *telephones.RECOGNISERS,
    *plates.RECOGNISERS,
    *places.RECOGNISERS,
)
_KINDS_OF = {
    "registration": ["rrn", "frn", "crn"], "business": ["brn"], "licence": ["driver_licence"], "card": ["card", "placeholder"],
    "mobile": ["mobile", "placeholder"], "landline": ["landline", "placeholder"],
    "local_number": ["landline", "placeholder"], "email": ["email", "placeholder"],
}  # fmt: skip


@cache
def analyzer() -> AnalyzerEngine:
    """The engine, built once per process."""
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)  # it would name what it finds
    functions = (*_OF_DIGITS, *contact_.RECOGNISERS)
    patterns = [PatternsOf(function, _KINDS_OF.get(function.__name__, [function.__name__])) for function in functions]
    registry = RecognizerRegistry(recognizers=[*patterns, Persons(patterns)], supported_languages=[_LANGUAGE])
    return AnalyzerEngine(
        registry=registry,
        nlp_engine=KiwiEngine(),
        supported_languages=[_LANGUAGE],
        context_aware_enhancer=_NoEnhancer(),
    )


@cache
def _kinds(digits: bool, contact: bool) -> tuple[str, ...]:
    """The kinds that a text can hold that has digits, or an e-mail address or id, or neither."""
    kinds = {"person"}
    for functions, wanted in ((_OF_DIGITS, digits), (contact_.RECOGNISERS, contact)):
        for function in functions if wanted else ():
            kinds.update(_KINDS_OF.get(function.__name__, [function.__name__]))
    return tuple(sorted(kinds))


def analyze(text: str, digits: bool = True, contact: bool = True) -> list[Finding]:
    """Findings in a folded text, apart from one another and in order; numbers and addresses are looked for if it has
    `digits`, e-mail, ids and IP if it has `contact`."""
    results = analyzer().analyze(text, language=_LANGUAGE, entities=list(_kinds(digits, contact)))
    name = RecognizerResult.RECOGNIZER_NAME_KEY
    return resolve(
        Finding(cast(KindName, r.entity_type), r.start, r.end, r.score, r.recognition_metadata[name]) for r in results
    )
