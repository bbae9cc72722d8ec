"""The language axis on small texts of many languages, on the variants of Korean and on what is no language."""

import unicodedata

import pyarrow as pa
import pytest

from algok.taxonomy.language import Language

KOREAN = "오늘은 날씨가 좋아서 강가를 걸었다. 집에 와서는 책을 읽다가 잠이 들었다. "


def tag(*texts: str) -> list[dict]:
    batch = pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})
    columns = Language().compute(batch)
    assert set(columns) == {signal.name for signal in Language.signals}
    assert all(columns[signal.name].type == signal.type for signal in Language.signals)
    return pa.table(columns).to_pylist()


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("ko", KOREAN),
        ("ko", "ㅋㅋㅋㅋ"),
        ("ko", unicodedata.normalize("NFD", KOREAN)),
        ("en", "The weather was nice today, so we walked along the river until the evening."),
        ("ja", "今日はとても天気がいいので、川のそばを歩きました。"),
        ("zh", "今天天气很好,我们沿着河边散步。"),
        ("zh", "今天天氣很好，我們沿著河邊散步。"),
        ("vi", "Hôm nay trời rất đẹp và chúng tôi đi dạo dọc theo bờ sông cho đến tối."),
        ("ru", "Сегодня была хорошая погода, и мы гуляли вдоль реки до самого вечера."),
        ("ar", "كان الطقس جميلا اليوم ومشينا على طول النهر حتى المساء"),
        ("hi", "आज मौसम बहुत अच्छा था और हम शाम तक नदी के किनारे चलते रहे"),
        ("th", "วันนี้อากาศดีมาก เราเดินเล่นริมแม่น้ำ"),
        ("und", "def f(x):\n    return x.y(z) + foo_bar[1]\nfor i in range(10):\n    print(i)"),
        ("und", "😀🎉😀"),
        ("und", "12345 67,890 (3)"),
        ("und", ""),
        ("und", KOREAN.encode("cp949").decode("latin-1")),
    ],
)
def test_label(label: str, text: str):
    assert tag(text)[0]["label"] == label


@pytest.mark.parametrize(
    ("second", "line"),
    [
        ("en", "The weather was nice today, so we walked along the river until the evening."),
        ("ja", "今日はとても天気がいいので、川のそばを歩きました。"),
        ("zh", "今天天气很好,我们沿着河边散步,然后回家吃饭。"),
        ("ru", "Сегодня была хорошая погода, и мы гуляли вдоль реки."),
    ],
)
def test_mixed_names_the_other_language(second: str, line: str):
    row = tag(KOREAN + "\n" + line)[0]
    assert (row["label"], row["second"]) == ("ko-mixed", second)


def test_tutorial_with_code_and_addresses_is_korean():
    code = "const app = express();\napp.get('/', (req, res) => res.send(index.html));\nhttps://example.org/docs/guide\n"
    row = tag(KOREAN * 4 + "\n" + code * 5 + KOREAN)[0]
    assert (row["label"], row["second"]) == ("ko", None)
    assert row["korean_ratio"] < 0.6


NORTH = (
    "녀성들은 력사적인 로동운동에서 중요한 역할을 하였다. 량국의 령도자들은 련방의 리익을 위하여 립장을 밝히였다. "
    "론의는 래년까지 계속될것이다."
)


def test_northern_orthography_and_what_only_quotes_it():
    quoting = KOREAN * 3 + "로동신문은 어제 이 소식을 전했다. 리설주와 류현진, 림꺽정은 사람 이름이다. " + KOREAN * 3
    north, quote = tag(NORTH, quoting)
    assert north["label"] == "ko-north"
    assert quote["label"] == "ko"


ARCHAIC = (
    "그 사람이 가로되 너희가 어찌하여 이같이 하느뇨 하더라. 무리가 대답하되 우리가 심히 두려워하였나이다 하니라. "
    "그런즉 너희는 마땅히 친히 가서 볼지어다. 진실로 그 말이 옳으니라 하거늘 그들이 다 좇아 행하매 이에 평안하였느니라. "
)


def test_archaic_by_endings_letters_and_hanja():
    mixed = "吾等은 이에 祖國의 獨立을 宣言하며 同胞의 自由와 平和를 世界에 알리어 子孫에게 永遠히 傳하고 " * 2
    story = "옛날에 나무꾼이 살았는데 마음씨가 곱더라고 해요. 하루는 사슴이 와서 살려 달라고 했어요. " * 3
    letters, chat = "ᄆᆞᅀᆞᆷ과 ᄉᆞ랑과 ᄀᆞᄋᆞᆯ", "그런데ᆞᆞ 왜 ᆢᆢ 그러지ᆢ"
    labels = [row["label"] for row in tag(ARCHAIC, letters, mixed, story, chat)]
    assert labels == ["ko-archaic", "ko-archaic", "ko-archaic", "ko", "ko"]


def test_rows_do_not_depend_on_their_batch():
    texts = ["", KOREAN, NORTH, "hello my friends, how are you today", ARCHAIC, "ㅋ", "\n" * 100, "a" * 5000]
    alone = [tag(text)[0] for text in texts]
    assert tag(*texts) == alone
    sliced = pa.RecordBatch.from_pydict({"text": pa.array(["앞", *texts], pa.large_string())}).slice(1)
    assert pa.table(Language().compute(sliced)).to_pylist() == alone


def test_empty_batch():
    assert tag() == []
