"""The shipped lexicon: spelling in disguise is found, what only looks like it is not."""

import pyarrow as pa
import pytest

from algok.classifiers.toxicity import expand, parse_lexicon
from algok.classifiers.training.toxicity import default_lexicon
from algok.errors import ModelError
from algok.kernels.buffers import string_buffers
from algok.kernels.toxic import CLASSES, windows

LEXICON = parse_lexicon(*(part.decode() for part in default_lexicon()))

DISGUISED = {
    "insult": """
        시1발|시2발 진짜|씨1발|시@발|시^발|씨!발|씨*발|시~발|씨.발|시.발|씨-발|씨,발|시/발|씨_발|시♡발|씨…발
        |씨 발|시 발|씨  발 놈아|시 발 롬|씨\u200b발|시\u00ad발|씨\u2060발|ㅅㅂ|ㅆㅂ|ㅅ ㅂ|ㅅ.ㅂ|ㅅ1ㅂ|ㅅㅂㅋㅋ
        |ㅅㅂ놈|ㅅㅣㅂㅏㄹ|ㅆㅣㅂㅏㄹ|ㅆㅣ발|씨ㅂㅏㄹ|ㅅ1발|ㅅl발|ㅆi발|시바ㄹ|씨바ㄹ놈|ㅆㅣ바ㄹ|씨이발|시이발
        |씨이이이발|시이이발|씨팔|씨8|시8놈|씌발|쒸발|씹새끼|씹 새 끼|싀발|쓰발|쓰벌|슈발놈아|쉬발|야시발|개씨발
        |이런씨발|씨발새끼들아|18놈|18새끼|십새끼|십팔놈|ｓｉｂａｌ|ＦＵＣＫ|시bal|씨bal|병1신|병^신|병.신|병@신
        |병 신|병신아|병신들|병신새끼|븅신|병쉰|벼ㅇ신|ㅂㅕㅇㅅㅣㄴ|ㅂㅅ|ㅂ.ㅅ|ㅄ|ㅂㅅ새끼|개새끼|개.새.끼
        |개 새 끼|개새1끼|개1새1끼|개쉐끼|개색기|개새꺄|게세끼|ㄱㅅㄲ|ㅅㄲ|이새끼|미친놈|미친 놈|미친년|미.친.놈
        |ㅁㅊ놈|또라이새끼|지랄|지1랄|ㅈㄹ|지랄하네|존나|존1나|ㅈㄴ|ㅈㄴ게|좆같다|좆1같네|ㅈ같네|족같은|썅|썅년
        |쌍놈의|닥쳐라|아가리 닥쳐|엿먹어라|뒈져라|느금마|느1금마|니애미뒤진|호로새끼|후레자식|염병하네|옘병
        |빡대가리|꺼져 새꺄|𝕗
    """.replace("|𝕗", ""),
    "hate": """
        한남충|한.남.충|김치녀|맘충|맘1충|틀딱|틀1딱|틀.딱|급식충|짱깨|짱개|짱1깨|쪽바리|개슬람|전라디언|똥꼬충
        |보빨러|꼴페미|조센징|성괴
    """,
    "sexual": """
        출장안마|출1장안마|출장 마사지|조건만남|조건 만남|조.건.만남|섹파구함|섹1파구함|콜걸|오피걸|휴게텔
        |키스방|풀싸롱|대딸방|노콘|질싸|국산야동|벗방
    """,
    "threat": """
        죽여버린다|죽여 버린다|칼로 쑤셔|목을 따버린다|찢어죽일놈|때려죽일 놈|밤길 조심해라|모가지를 비틀
        |대가리 깨
    """,
    "illegal": """
        토토사이트|토1토사이트|토토 사이트|사설토토|안전놀이터추천|먹튀검증|먹튀 검증|먹.튀.검증|카지노사이트
        |카지노 사이트|온라인카지노|바카라사이트|꽁머니|꽁1머니|입플|무직자대출|소액결제현금화|소액결제 현금화
        |내구제|카드깡|통장매입|대포통장 팝니다|필로폰 팝니다|네이버아이디판매|작업대출
    """,
}
NEAR = """
        시발점|시발역에서 내렸다|시발택시를 복원했다|혁명의 시발점이다|다시 발견했다|도시 발전|역시 발표했다
        |즉시발송|표시 발급|김모 씨 발언|김씨발표|박 씨 발인|12시 발 열차|5시 8분|18년|18년 동안|십년|수십년
        |삼십년|병신년|병신년 정월|병신일주|병신자호란|등신대|등신불|새끼손가락|새끼 고양이|새끼줄|곰과 그 새끼
        |개나리|개년도|보지 못하다|보지 않았다|자지 않다|잠을 자지 못했다|성교육|유방암 검사|전립선염
        |동성애자의 인권|성소수자|개띠|개구리|개새로|씹다|껌을 씹는다|곱씹었다|시바견|시바 여왕
        |허리띠를 졸라맸다|에밀 졸라|의존나무|보존 나무|존나스 브라더스|지랄탄|전염병하고|꺼진 불
        |위기가 닥쳐왔다|섹션|섹터|색깔|조건을 만남|건마다|오피스텔|오피셜|안마의자|안마기|출장을 다녀왔다
        |해외 출장 안내|스포츠토토 복권|토토로|안전 놀이터 조성|어린이 놀이터|바카라의 역사|카지노 산업
        |대출 금리|주부 대출자|여권 위조 혐의|마약 단속|필로폰을 압수했다|한남동|한남대교|김치 담그기|맘스터치
        |급식실|틀니|짱이야|좇아서|신의에 좇아 성실히|쥐라기|호로비츠|호로록|엠블럼|니엄마가 오셨니|할머니 엄마
        |어머니엄마|트리 쉐이킹|메모리 스와핑|감싸줘야 한다|영화 기생충|열매를 따먹고|노모를 모시고|펠라기우스
        |애널리스트|오랄비|성인용품점 규제|죽여주는 맛|목을 따라|대가리가 큰 물고기|칼로 썰어|병 신고|나이 18 놈
        |미친 듯이|미친듯이
    """


def found(text: str) -> dict[str, int]:
    data, offsets = string_buffers(pa.array([text], pa.large_string()))
    counts = windows(data, offsets, 12, LEXICON, True)[3].sum(0)
    return {name: int(counts[k]) for k, name in enumerate(CLASSES) if counts[k]}


def cases(text: str) -> list[str]:
    return [case.strip() for case in text.split("|")]


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in DISGUISED.items() for text in cases(texts)])
def test_disguised_terms_are_found(name: str, text: str) -> None:
    assert name in found(text)
    assert name in found(f"그 사람은 {text} 라고 썼다.")


@pytest.mark.parametrize("text", cases(NEAR))
def test_near_misses_are_not(text: str) -> None:
    assert not found(text)


def test_enough_cases() -> None:
    assert sum(len(cases(texts)) for texts in DISGUISED.values()) >= 100
    assert len(cases(NEAR)) >= 100


def test_patterns() -> None:
    assert expand("a[bc]{,d}") == ["ab", "abd", "ac", "acd"]


@pytest.mark.parametrize(
    "line", ["insult\t^", "bad\t^\t가", "insult\t?\t가", "insult\t^\t[가", "insult\t^\t" + "가" * 30]
)
def test_a_bad_line_is_named(line: str) -> None:
    with pytest.raises(ModelError, match="lexicon"):
        parse_lexicon(line, "")
