"""The words of wikis: namespaces, sections that are no prose, templates that mark a page, units, countries, languages."""

FILES = frozenset({"파일", "그림", "file", "image", "미디어", "media"})
CATEGORIES = frozenset({"분류", "category"})
# Wikis that a prefix of a link leads to; what is no language shows its label.
OTHER_WIKIS = frozenset(
    {
        "wikt",
        "wiktionary",
        "s",
        "wikisource",
        "q",
        "b",
        "n",
        "v",
        "voy",
        "commons",
        "c",
        "d",
        "m",
        "meta",
        "w",
        "species",
    }
)

# Sections of Wikipedia that hold notes, sources and links only; with everything below them.
NO_PROSE = frozenset({
    "각주", "주석", "주해", "내용주", "참조주", "주", "출처", "각주 및 참고 문헌", "각주와 참고 문헌", "참고 문헌",
    "참고문헌", "참고 자료",
    "참고자료", "인용 문헌", "외부 링크", "외부링크", "바깥 고리", "관련 링크", "같이 보기", "같이보기",
    "더 읽어보기", "더 읽을거리",
    "갤러리", "사진", "그림", "references", "external links", "see also", "notes", "further reading", "gallery", "bibliography",
})  # fmt: skip

# Templates that say that a page only tells apart what has the same name.
DISAMBIGUATION = (
    "동음이의", "동음이의어", "동명이인", "인명 동음이의", "지명 동음이의", "학교 동음이의", "역 동음이의", "노래 동음이의",
    "작품 동음이의", "동음이의어 문서", "글자 동음이의", "숫자 동음이의", "disambig", "disambiguation", "hndis", "geodis",
)  # fmt: skip

LANGUAGES = {
    "en": "영어", "ja": "일본어", "zh": "중국어", "zh-cn": "중국어 간체", "zh-hans": "중국어 간체", "zh-tw": "중국어 정체",
    "zh-hant": "중국어 정체", "ko-hani": "한국 한자", "fr": "프랑스어", "de": "독일어", "es": "스페인어", "pt": "포르투갈어",
    "it": "이탈리아어", "ru": "러시아어", "la": "라틴어", "grc": "고대 그리스어", "el": "그리스어",
    "he": "히브리어", "ar": "아랍어",
    "fa": "페르시아어", "tr": "튀르키예어", "vi": "베트남어", "th": "태국어", "mn": "몽골어", "nl": "네덜란드어",
    "sv": "스웨덴어",
    "no": "노르웨이어", "da": "덴마크어", "fi": "핀란드어", "pl": "폴란드어", "cs": "체코어", "hu": "헝가리어",
    "uk": "우크라이나어",
    "hi": "힌디어", "id": "인도네시아어", "sa": "산스크리트어", "ro": "루마니아어", "bg": "불가리아어", "sr": "세르비아어",
}  # fmt: skip

COUNTRIES = {
    "kor": "대한민국", "prk": "조선민주주의인민공화국", "jpn": "일본", "chn": "중국", "twn": "중화민국", "tpe": "중화 타이베이",
    "hkg": "홍콩", "usa": "미국", "gbr": "영국", "eng": "잉글랜드", "fra": "프랑스", "ger": "독일", "deu": "독일",
    "ita": "이탈리아",
    "esp": "스페인", "por": "포르투갈", "ned": "네덜란드", "nld": "네덜란드", "bel": "벨기에", "rus": "러시아", "bra": "브라질",
    "arg": "아르헨티나", "mex": "멕시코", "can": "캐나다", "aus": "오스트레일리아", "nzl": "뉴질랜드",
    "ind": "인도", "vnm": "베트남",
    "tha": "태국", "sgp": "싱가포르", "mys": "말레이시아", "idn": "인도네시아", "phl": "필리핀", "mng": "몽골", "tur": "튀르키예",
    "swe": "스웨덴", "nor": "노르웨이", "den": "덴마크", "dnk": "덴마크", "fin": "핀란드", "sui": "스위스", "che": "스위스",
    "aut": "오스트리아", "pol": "폴란드", "cze": "체코", "hun": "헝가리", "ukr": "우크라이나", "gre": "그리스", "egy": "이집트",
}  # fmt: skip

# Words between the numbers of a measure.
RANGES = {
    "-": "–",
    "–": "–",
    "to": "~",
    "and": "과",
    "x": "×",
    "by": "×",
    "×": "×",
    "or": "또는",
    "+/-": "±",
    "±": "±",
    "~": "~",
}

# The same of Namuwiki.
NAMU_NO_PROSE = frozenset(
    {
        "둘러보기",
        "관련 문서",
        "관련 항목",
        "외부 링크",
        "각주",
        "같이 보기",
        "바깥 고리",
        "참고 문헌",
        "참고 자료",
        "참고 링크",
    }
)
