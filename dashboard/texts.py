"""Every word of the pages in Korean and English. A page is written in one language and carries both, so that its reader can
switch; `Texts` writes a text and what the switch needs to know of it."""

import re
from typing import Any, Literal

import orjson

from algok.dashboard.markup import Markup, tag

Language = Literal["ko", "en"]

# key: (Korean, English); {0}, {1} … are filled in. A key that stands alone is a column or a label.
TEXTS: dict[str, tuple[str, str]] = {
    "report": ("실행 보고서", "Run report"),
    "comparison": ("실행 비교", "Run comparison"),
    "finished": ("완료", "finished"),
    "unfinished": ("진행 중 – 작업 {1}개 중 {0}개까지 센 값", "going on – counted over {0} of {1} tasks"),
    "full": ("전수", "full count"),
    "sample": ("표본: {1}건 중 {0}건", "sample: {0} of {1} documents"),
    "language": ("English", "한국어"),
    "theme": ("밝게/어둡게", "Light/dark"),
    "sections": ("차례", "Sections"),
    "mode.filter": ("거르기", "filter"),
    "mode.annotate": ("표지만 달기 (버리지 않음)", "annotate (drops nothing)"),
    "recipe": ("레시피", "recipe"),
    "mode": ("방식", "mode"),
    "version": ("algok", "algok"),
    "started": ("시작", "started"),
    "state": ("상태", "state"),
    "table": ("표", "Table"),
    "copy": ("TSV 복사", "Copy TSV"),
    "copied": ("복사했습니다", "Copied"),
    "more": ("그 밖에 {0}개", "and {0} more"),
    "none": ("(없음)", "(none)"),
    "nothing": ("해당 사항이 없습니다.", "Nothing to show."),
    # account
    "account": ("집계", "Account"),
    "account.records": ("레코드 = 문서 + 격리 + 문서 아님", "records = documents + quarantined + no documents"),
    "account.documents": ("문서 = 남김 + 버림", "documents = kept + dropped"),
    "records": ("레코드", "records"),
    "documents": ("문서", "documents"),
    "quarantined": ("격리", "quarantined"),
    "ignored": ("문서 아님", "no documents"),
    "kept": ("남김", "kept"),
    "dropped": ("버림", "dropped"),
    "pending": ("아직 처리 전", "not decided yet"),
    "kept_share": ("남긴 비율", "kept share"),
    "tokens": ("토큰", "tokens"),
    "kept_text": ("남긴 글", "kept text"),
    "seconds": ("초 (코어 하나)", "seconds (one core)"),
    "mb": ("{0} MB", "{0} MB"),
    # flow
    "flow": ("단계별 흐름", "Flow through the steps"),
    "flow.note": (
        "단계에 들어온 문서에서 버린 것과 남은 것. 토큰은 남긴 글의 바이트당 토큰으로 어림한 값(≈)입니다.",
        "What came into each step, what it dropped, what was left. Tokens are estimates (≈): those per byte of the kept text.",
    ),
    "step": ("단계", "step"),
    "in": ("들어옴", "in"),
    "left": ("남음", "left"),
    "share": ("비율", "share"),
    "text_mb": ("글 MB", "text MB"),
    "tokens_est": ("≈ 토큰", "≈ tokens"),
    "mb_s": ("MB/초", "MB/s"),
    "of_read": ("읽은 문서 중", "of the documents read"),
    # rules
    "rules": ("규칙과 경계", "Rules and bounds"),
    "rules.note": (
        "경계마다 값의 분포와 양쪽의 비율. 막대 높이는 로그 눈금입니다. ‘버림’은 이 규칙이 가장 먼저 버린 문서 수입니다.",
        "For every bound, the distribution of its signal and the share on either side. Heights are logarithmic. "
        "“Dropped” counts the documents that this rule was the first to drop.",
    ),
    "rule": ("규칙", "rule"),
    "bound": ("경계", "bound"),
    "rules.list": ("모든 규칙", "All rules"),
    "rules.signals": ("경계가 없는 신호", "Signals without a bound"),
    "beyond": ("경계 밖 {0}", "outside {0}"),
    "within": ("경계 안", "inside"),
    "of_step": ("이 단계가 버린 것 중", "of what the step dropped"),
    "outside_any": ("경계 밖 전체", "outside in all"),
    "own_bounds": ("출처 {0}곳은 다름", "{0} sources differ"),
    "others": ("다른 모든 출처", "all other sources"),
    "null_values": ("값 없음 {0}", "no value {0}"),
    "histogram.label": (
        "{0}의 분포: 문서 {1}건, {2}",
        "Distribution of {0}: {1} documents, {2}",
    ),
    "no_bound": ("경계 없음", "no bound"),
    "near": ("경계 가까이의 문서", "Documents near the bound"),
    "value": ("값", "value"),
    "id": ("문서 id", "document id"),
    "source": ("출처", "source"),
    "excerpt": ("가린 발췌", "masked excerpt"),
    "verdict": ("판정", "verdict"),
    "explain": ("문서 하나의 내력: algok explain {0} <id>.", "All about one document: algok explain {0} <id>."),
    "try": ("경계 옮겨 보기", "Try another bound"),
    "try.now": (
        "이 경계만으로 남는 문서: {0} / {1} ({2})",
        "This bound alone leaves {0} of {1} documents ({2})",
    ),
    "try.before": ("지금 경계로는 {0} ({1})", "the run's own bound leaves {0} ({1})"),
    "try.filtered": (
        "이 실행은 문서를 버렸으므로 먼저 표지만 단 실행이 필요합니다:",
        "This run dropped documents, so an annotated run is needed first:",
    ),
    "try.reset": ("되돌리기", "Reset"),
    # tags
    "tags": ("분류와 꼬리표", "Tags"),
    "tags.note": (
        "단계를 지날 때의 문서 수(전수)이고, 교차표는 남긴 문서입니다.",
        "Documents by label when the step saw them (full count); cross tables are of kept documents.",
    ),
    "label": ("꼬리표", "label"),
    "distributions": ("분포", "Distributions"),
    "cross": ("{0} × {1}", "{0} × {1}"),
    "cross.documents": ("문서 수", "documents"),
    "cross.tokens": ("토큰 수", "tokens"),
    "provenance": ("글의 유래", "Provenance"),
    # sources
    "sources": ("출처", "Sources"),
    "read": ("읽음", "read"),
    "main_reasons": ("버린 까닭", "main reasons"),
    "rule_by_source": ("출처별 규칙", "Rules by source"),
    "hosts": ("호스트", "Hosts"),
    "host": ("호스트", "host"),
    "hosts.note": (
        "문서가 많은 순. 표시(●)는 남긴 비율이 전체와 크게 다른 곳입니다.",
        "By number of documents. ● marks those whose kept share is far from the run's.",
    ),
    "mark": ("표시", "mark"),
    # edits
    "edits": ("고치고 지운 것", "What was mended and removed"),
    "personal_by_source": (
        "출처별 개인정보 (남긴 문서, 건수만)",
        "Personal data by source (kept documents, counts only)",
    ),
    "signal": ("신호", "signal"),
    "total": ("합계", "total"),
    "touched": ("문서", "documents"),
    "meaning": ("뜻", "meaning"),
    "samples": ("가려 놓은 예", "Masked examples"),
    "kind": ("갈래", "kind"),
    "times": ("횟수", "times"),
    # quarantine
    "quarantine": ("격리와 제외", "Quarantine"),
    "reason": ("까닭", "reason"),
    "example": ("가린 예", "masked example"),
    "where": ("자리", "where"),
    "quarantine.note": (
        "읽지 못한 레코드와 문서가 아닌 레코드.",
        "Records that could not be read, and records that are no documents.",
    ),
    "extracted": ("추출한 형식", "Text taken out of"),
    # shards
    "shards": ("샤드", "Shards"),
    "shards.note": (
        "샤드 {0}개. 다른 샤드들의 중앙값에서 편차 단위로 {1}배 넘게 벗어난 {2}개를 표시했습니다.",
        "{0} shards. {2} are marked: a figure of theirs is more than {1} spreads from the median of all.",
    ),
    "shard": ("샤드", "shard"),
    "unlike": ("다른 점", "unlike in"),
    "spreads": ("편차", "spreads"),
    "reason_top": ("주된 까닭", "top reason"),
    "s_per_mb": ("초/MB", "s/MB"),
    "shard_chart": ("샤드별 {0}", "{0} per shard"),
    "shard_label": (
        "샤드 {1}개의 {0}: 최소 {2}, 중앙값 {3}, 최대 {4}",
        "{0} of {1} shards: least {2}, median {3}, greatest {4}",
    ),
    "reasons_label": ("샤드 {1}개에서 단계별로 버린 비율: {0}", "Dropped share by step ({0}) in {1} shards"),
    "kept_share.short": ("남긴 비율", "kept share"),
    "tokens.short": ("토큰", "tokens"),
    "seconds.short": ("초", "seconds"),
    "drops.short": ("버린 비율", "dropped share"),
    # tasks
    "task": ("작업", "task"),
    "slowest": ("가장 오래 걸린 작업", "Slowest tasks"),
    "workers": ("일꾼 프로세스", "Workers"),
    "worker": ("일꾼", "worker"),
    "peak_mb": ("최대 메모리 MB", "peak memory MB"),
    "peak": ("최대 메모리", "peak memory"),
    "failures": ("실패한 시도", "Failed attempts"),
    "failed_attempts": ("실패", "failed attempts"),
    "last_at": ("마지막", "last at"),
    "failed_tasks": ("막힌 작업", "tasks failing"),
    "retries": ("다시 한 시도", "retries"),
    "task.done": ("나중에 됨", "done later"),
    "task.waiting": ("다시 할 차례", "tried again"),
    "task.failed": ("실패", "failed"),
    # origin
    "origin": ("모델과 판", "Models and versions"),
    "model": ("모델", "model"),
    "digest": ("요약값", "digest"),
    "library": ("라이브러리", "library"),
    "where_used": ("쓰인 곳", "used by"),
    "release": ("판", "version"),
    # the live dashboard
    "dashboard": ("대시보드", "dashboard"),
    "runs": ("실행", "Runs"),
    "run": ("실행", "run"),
    "state.finished": ("완료", "finished"),
    "state.going": ("진행 중", "going on"),
    "state.damaged": ("읽을 수 없음", "cannot be read"),
    "docs_s": ("문서/초", "documents/s"),
    "tasks_s": ("작업/초", "tasks/s"),
    "tasks_done": ("끝난 작업", "tasks done"),
    "tasks": ("작업", "tasks"),
    "trends": ("같은 레시피의 추이", "Trends by recipe"),
    "compare": ("비교", "Compare"),
    "compare_ends": ("마지막 두 실행 비교", "compare the last two"),
    "progress": ("진행", "Progress"),
    "stages": ("국면", "Stages"),
    "left_time": ("남은 시간", "time left"),
    "filter": ("거르기", "Filter"),
    "previous": ("앞", "Previous"),
    "next": ("뒤", "Next"),
    "document": ("문서", "Document"),
    "order.input": ("입력 순", "by input"),
    "order.odd": ("다른 순", "by unlikeness"),
    "order.documents": ("문서 순", "by documents"),
    "order.kept": ("남긴 비율 높은 순", "most kept"),
    "order.least": ("남긴 비율 낮은 순", "least kept"),
    "order.tokens": ("토큰 순", "by tokens"),
    "order.seconds": ("시간 순", "by seconds"),
    "order.memory": ("메모리 순", "by memory"),
    "order.failed": ("실패 순", "by failed attempts"),
    "domain": ("분야", "domain"),
    # mixes and labels
    "labels": ("라벨", "labels"),
    "search": ("찾기", "find"),
    "any": ("(모두)", "(any)"),
    "mixes": ("배합", "Mixes"),
    "mix": ("배합", "mix"),
    "mix.stages_count": ("단계", "stages"),
    "mix.report": ("배합 보고서", "Mix report"),
    "mix.stages": ("단계: 계획과 결과", "Stages: plan and result"),
    "mix.stages.note": (
        "요청한 토큰, 계획이 주는 토큰, 실제로 쓴 토큰.",
        "Tokens asked for, tokens that the plan gives, and tokens that are written.",
    ),
    "mix.cells": ("칸: 계획과 결과", "Cells: plan and result"),
    "mix.cells.note": (
        "에폭은 이 뽑기에서 칸의 토큰을 몇 번 지나는지입니다. ●는 max_epochs에 닿은 칸, 모자람은 더 있었다면 주었을 토큰입니다.",
        "Epochs are passes over the cell's tokens in this draw. ● marks cells at max_epochs; lacking is what a cell would give "
        "besides if it had it.",
    ),
    "mix.corpora": ("말뭉치", "Corpora"),
    "mix.corpus": ("말뭉치", "corpus"),
    "mix.asked": ("요청 토큰", "tokens asked"),
    "mix.planned": ("계획 토큰", "tokens planned"),
    "mix.written": ("쓴 토큰", "tokens written"),
    "mix.of_asked": ("요청 대비", "of those asked"),
    "mix.planned_share": ("계획 비율", "planned share"),
    "mix.draw": ("뽑기", "draw"),
    "mix.available": ("가진 토큰", "tokens available"),
    "mix.planned_epochs": ("계획 에폭", "epochs planned"),
    "mix.epochs": ("에폭", "epochs"),
    "mix.capped": ("상한", "at cap"),
    "mix.lacking": ("모자람", "lacking"),
    "mix.used": ("씀", "used"),
    "mix.at_cap": ("상한까지 씀", "used to the cap"),
    "mix.unused": ("안 씀", "unused"),
    "mix.contaminated": ("오염", "contaminated"),
    "mix.shards_done": ("쓴 샤드", "shards written"),
    "stage": ("단계", "stage"),
    "state.planned": ("계획됨", "planned"),
    # comparison
    "changes": ("달라진 점", "What changed"),
    "changes.note": (
        "A = {0}, B = {1}. 차이는 B − A이며 비율의 차이는 %p입니다.",
        "A = {0}, B = {1}. Differences are B − A; those of shares are in percentage points.",
    ),
    "drift": ("분포의 변화", "Drift of signals"),
    "drift.note": (
        "젠슨-섀넌 거리: 0은 같은 분포, 1은 겹치지 않음. 구간이 고정되어 있어 정확한 값입니다.",
        "Jensen-Shannon distance: 0 for equal shapes, 1 where nothing overlaps. Bins are fixed, so it is exact.",
    ),
    "distance": ("거리", "distance"),
    "difference": ("차이", "difference"),
    "figures": ("주요 수치", "Main figures"),
    "figure": ("수치", "figure"),
    "figure.documents": ("문서", "documents"),
    "figure.kept": ("남긴 문서", "documents kept"),
    "figure.kept_share": ("남긴 비율", "kept share"),
    "figure.quarantine_share": ("격리 비율", "quarantined share"),
    "figure.text_bytes": ("남긴 글 (바이트)", "kept text (bytes)"),
    "figure.tokens": ("토큰", "tokens"),
    "setting": ("설정", "setting"),
    "a": ("A", "A"),
    "b": ("B", "B"),
    "by_step": ("단계별", "Per step"),
    "by_rule": ("규칙별", "Per rule"),
    "by_source": ("출처별", "Per source"),
    "verdicts": ("판정이 바뀐 문서", "Documents with another verdict"),
    "verdicts.note": (
        "두 실행에 모두 있는 문서 {0}건 가운데 {1}건. A에만 {2}건, B에만 {3}건.",
        "{1} of the {0} documents that both runs have. {2} are in A only, {3} in B only.",
    ),
    "from": ("A의 판정", "in A"),
    "to": ("B의 판정", "in B"),
    "recipes": ("레시피와 모델의 차이", "Recipes and models"),
    "recipes.same": ("같은 레시피와 모델입니다.", "The same recipe and the same models."),
}

_PLACE = re.compile(r"\{(\d)\}")


class Texts:
    """The texts in one language.

    >>> Texts("en").plain("more", 3)
    'and 3 more'
    """

    def __init__(self, language: Language):
        self.language: Language = language
        self._column = 0 if language == "ko" else 1

    def plain(self, key: str, *arguments: Any) -> str:
        filled = [str(argument) for argument in arguments]
        return _PLACE.sub(lambda match: filled[int(match.group(1))], TEXTS[key][self._column])

    def __call__(self, key: str, *arguments: Any) -> Markup:
        """A text that the page's switch can write in the other language."""
        return tag("span", self.plain(key, *arguments), data_t=key, data_a=_listed(arguments))

    def title(self, key: str, *arguments: Any) -> dict[str, str | None]:
        """The same as an element's accessible name."""
        return {"aria_label": self.plain(key, *arguments), "data_l": key, "data_a": _listed(arguments)}


def _listed(arguments: tuple) -> str | None:
    return orjson.dumps([str(argument) for argument in arguments]).decode() if arguments else None
