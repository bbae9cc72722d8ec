"""The step on the shipped model: what its default bounds keep and drop."""

from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algok.errors import ModelError
from algok.filters.toxicity import Toxicity, ToxicityOptions

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"

PROSE = (
    "봄이 오면 강가에는 버드나무가 먼저 잎을 낸다. 마을 사람들은 그 나무 아래에서 한 해의 농사를 이야기하고, "
    "아이들은 물수제비를 뜨며 논다. 올해는 비가 늦게 와서 모내기도 보름쯤 늦었다. 그래도 논에 물이 차고 나니 "
    "모두 마음을 놓았다. 저녁이 되면 집집마다 연기가 오르고 된장 끓는 냄새가 골목을 채운다. "
)
KEPT = {
    "prose": PROSE,
    "news that quotes an insult": PROSE + "그는 상대 의원에게 '이 미친놈아'라고 소리친 일을 두고 사과했다. " + PROSE,
    "court": "검찰은 피해자를 흉기로 찌르고 달아난 혐의로 피의자를 구속했다. 피의자는 범행 전에 피해자에게 죽이겠다고 여러 "
    "차례 협박한 것으로 조사되었다. 법원은 도주할 우려가 있다고 보아 영장을 발부했다. 피해자는 병원에서 치료를 받고 있다.",
    "medicine": "전립선염은 성인 남성에게 흔하며 배뇨할 때 통증이 있다. 성관계로 옮는 균이 원인일 수도 있어 배우자도 함께 "
    "검사한다. 유방의 멍울이나 질 출혈이 있으면 산부인과에서 진찰을 받는다. 항생제는 의사의 처방에 따라 먹는다.",
    "gambling in the news": "경찰은 불법 도박 사이트를 운영하며 수백억 원을 챙긴 일당을 붙잡았다. 이들은 해외에 서버를 두고 "
    "회원을 모았다. 청소년 도박 중독이 늘면서 교육청은 학교마다 예방 교육을 하기로 했다. 상담은 누구나 받을 수 있다.",
    "law": "제1조 도박을 한 사람은 천만 원 이하의 벌금에 처한다. 다만 일시 오락 정도에 불과한 경우에는 예외로 한다. "
    "제2조 상습으로 제1조의 죄를 범한 사람은 삼년 이하의 징역 또는 이천만 원 이하의 벌금에 처한다.",
    "discrimination": "여성 혐오와 인종 차별은 사회가 함께 풀어야 할 문제이다. 이주 노동자를 낮추어 부르는 말이 널리 쓰이고, "
    "성소수자는 취업에서 불이익을 겪는다. 이 책은 혐오 표현이 어디에서 오는지를 역사에서 찾는다.",
    "animals": "어미 곰은 봄이 되면 새끼를 데리고 굴에서 나온다. 새끼들은 어미젖을 먹으며 자라고, 늑대가 오면 나무 위로 오른다. "
    "사냥꾼은 새끼를 밴 짐승은 쏘지 않았다. 개와 돼지도 새끼를 여러 마리 낳는다.",
}
DROPPED = {
    "abuse": "이 미친 새끼야 꺼져라 병신 같은 놈아. 니들 같은 쓰레기 새끼들은 다 뒤져야 돼. 씨발 진짜 좆같은 것들 존나 역겹네. "
    "개새끼들아 그만 짖어라. 지랄하고 자빠졌네 븅신들.",
    "abuse in disguise": "이 미.친.새.끼야 꺼져라 병1신 같은 놈아. 니들 같은 쓰레기 ㅅㄲ들은 다 뒤져야 돼. "
    "씨1발 진짜 ㅈ같은 것들 ㅈㄴ 역겹네. 개1새1끼들아 그만 짖어라. ㅈㄹ하고 자빠졌네 븅^신들.",
    "betting": "먹튀 없는 안전놀이터 추천, 꽁머니 지급! 온라인카지노와 사설토토를 즐기세요. 첫충 보너스와 롤링 없는 토토사이트. "
    "파워볼 총판 모집, 먹튀검증 완료 업체만 소개합니다. 카지노사이트 가입코드 문의 주세요.",
    "adult advertising": "강남 출장안마 역삼 출장마사지 최고의 매니저가 대기합니다. 오피걸 휴게텔 키스방 후기와 업소 정보. "
    "조건만남 원하시면 카톡 주세요. 콜걸 애인대행 24시간 후불제 출장샵 추천.",
}


@pytest.fixture(scope="module")
def step() -> Toxicity:
    return Toxicity()


def compute(step: Toxicity, texts: list[str]) -> dict[str, np.ndarray]:
    columns = step.compute(pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())}))
    assert [(name, column.type) for name, column in columns.items()] == [(s.name, s.type) for s in Toxicity.signals]
    return {name: column.to_numpy() for name, column in columns.items()}


def broken(step: Toxicity, text: str) -> list[str]:
    row = compute(step, [text])
    return [name for name, bound in Toxicity.default_bounds.items() if row[name][0] > bound.max]


@pytest.mark.parametrize("name", KEPT)
def test_kept(step: Toxicity, name: str) -> None:
    assert broken(step, KEPT[name]) == []


@pytest.mark.parametrize("name", DROPPED)
def test_dropped(step: Toxicity, name: str) -> None:
    assert broken(step, DROPPED[name])


def test_disguise_changes_little(step: Toxicity) -> None:
    plain, disguised = compute(step, [DROPPED["abuse"], DROPPED["abuse in disguise"]])["mean"]
    assert disguised > 0.7 * plain


def test_an_insult_weighs_less_in_a_longer_document(step: Toxicity) -> None:
    means = compute(step, [DROPPED["abuse"] + PROSE * times for times in range(6)])["mean"]
    assert (np.diff(means) < 0).all()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=200), max_size=4))
def test_signals_are_in_range(texts: list[str]) -> None:
    row = compute(Toxicity(), texts) if not texts else compute(_shared(), texts)
    for signal in Toxicity.signals:
        assert (row[signal.name] >= 0).all()
        if signal.unit == "ratio":
            assert (row[signal.name] <= 1).all()


_STEP: list[Toxicity] = []


def _shared() -> Toxicity:
    if not _STEP:
        _STEP.append(Toxicity())
    return _STEP[0]


def test_a_document_does_not_depend_on_its_batch(step: Toxicity) -> None:
    texts = [*KEPT.values(), "", *DROPPED.values()]
    together = compute(step, texts)
    for row, text in enumerate(texts):
        alone = compute(step, [text])
        assert all(alone[name][0] == together[name][row] for name in together)


def test_an_unknown_model_is_an_error() -> None:
    with pytest.raises(ModelError, match="unknown model"):
        Toxicity(ToxicityOptions(model="no_such_model"))


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
@pytest.mark.parametrize(
    "name", ["domain/wikinews_ko", "domain/law_articles", "domain/fairytales", "domain/unesco_reports"]
)
def test_real_prose_stays(step: Toxicity, name: str) -> None:
    with pa.input_stream(str(DATA / f"{name}.jsonl.zst"), compression="zstd") as stream:
        texts = [orjson.loads(line)["text"] for line in stream.read().split(b"\n") if line][:300]
    row = compute(step, texts)
    out = np.zeros(len(texts), bool)
    for signal, bound in Toxicity.default_bounds.items():
        out |= row[signal] > bound.max
    assert out.mean() <= 0.001
