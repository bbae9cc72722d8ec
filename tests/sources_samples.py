"""Invented records of the sets that docs/sources.md names: shape -> what a member holds, and the text that it gives."""

from typing import Any

P = "수목원에서는 봄마다 강좌를 연다."
Q = "올해에는 화분을 함께 만들었다."

SAMPLES: dict[str, tuple[Any, list[str]]] = {
    "aihub-web-source": (
        {
            "SJML": {
                "header": {"source_file": "B1"},
                "text": [{"title": "봄", "subtitle": "", "content": f"{P} . . {Q}", "writer": "(이름)"}],
            }
        },
        [f"봄\n{P}\n{Q}"],
    ),
    "aihub-books": (
        {
            "info": {"kdc": "813"},
            "paragraphs": [
                {"info": {"kdc": "813"}, "sentences": [{"text": P, "original_text": P}, {"original_text": Q}]}
            ],
        },
        [f"{P} {Q}"],
    ),
    "aihub-expert": ({"data": [{"title": "봄", "rows": [{"text": P}, {"text": Q}]}]}, [f"{P}\n{Q}"]),
    "aihub-expert-books": ({"data": [{"book_id": "1", "category": "의료", "keyword": ["봄"], "text": P}]}, [P]),
    "aihub-archives": ({"data": [{"title": "봄", "corpus": P, "issue_date": "2020-01-02"}]}, [f"봄\n{P}"]),
    "aihub-archives-answers": (
        {"data": [{"title": "봄", "context": P, "labels": [{"instructs": [{"text": "무엇?"}], "response": Q}]}]},
        [f"봄\n{P}\n무엇?\n{Q}"],
    ),
    "aihub-giant-corpus": (
        {"data_info": [{"data_title": "봄", "contents": [{"text": P, "QA": [{"question": "무엇?", "answer": Q}]}]}]},
        [f"봄\n{P}"],
    ),
    "aihub-giant-answers": ({"data_info": [{"question": "무엇?", "answer01": {"contents": P}}]}, [f"무엇?\n{P}"]),
    "aihub-giant-other": ([{"data_title": "봄", "contents": [{"text": P}]}], [f"봄\n{P}"]),
    "aihub-papers": (
        [{"data": [{"doc_id": "1", "title": "봄", "summary_entire": [{"orginal_text": P, "summary_text": Q}]}]}],
        [f"봄\n{P}"],
    ),
    "aihub-summaries": (
        {
            "documents": [
                {
                    "title": "봄",
                    "category": "사설",
                    "text": [[{"sentence": P}, {"sentence": Q}], [{"sentence": P}]],
                    "abstractive": ["짧게"],
                }
            ]
        },
        [f"봄\n{P} {Q}\n{P}"],
    ),
    "aihub-summaries-old": ([{"article_original": [P, Q], "abstractive": "짧게"}], [f"{P}\n{Q}"]),
    "aihub-book-summaries": (
        {"passage": P, "summary": "짧게", "metadata": {"doc_name": "봄", "kdc_label": "총류"}},
        [P],
    ),
    "aihub-reports": (
        {
            "Meta(Acqusition)": {"doc_name": "봄", "publisher_year": "2020"},
            "Meta(Refine)": {"passage": P},
            "Annotation": {"summary1": "짧게"},
        },
        [P],
    ),
    "aihub-scripts": ({"Meta": {"doc_name": "봄", "passage": P}, "Annotation": {"Summary1": "짧게"}}, [P]),
    "aihub-reading": (
        {
            "data": [
                {
                    "doc_title": "봄",
                    "paragraphs": [
                        {"context": P, "qas": [{"question": "무엇?", "answers": {"text": "봄"}}]},
                        {"context": Q, "qas": []},
                    ],
                }
            ]
        },
        [P, Q],
    ),
    "aihub-numbers": ({"data": [{"title": "봄", "passage": P, "qa_pairs": [{"question": "몇?"}]}]}, [P]),
    "aihub-dialect": (
        {
            "speaker": [{"id": 1}],
            "utterance": [
                {"form": "무엇을 하니", "standard_form": "무엇을 하니", "dialect_form": "뭐 하노", "speaker_id": 1},
                {"form": "(세 개)", "dialect_form": "(3개)/(세 개) 산다", "speaker_id": 2},
            ],
        },
        ["A: 뭐 하노\nB: 3개 산다"],
    ),
    "aihub-broadcast-speech": (
        {
            "metadata": {"topic": "봄"},
            "utterance": [
                {"original_form": "n/ (3)/(삼) 월이다 {laughing}", "speaker_id": "가"},
                {"original_form": "b/ 네", "speaker_id": "나"},
                {"original_form": "o/", "speaker_id": "나"},
            ],
        },
        ["A: 3 월이다\nB: 네"],
    ),
    "aihub-messages": (
        {
            "header": {"dialogueInfo": {"topic": "봄"}},
            "body": [
                {"participantID": "P01", "utterance": "#@이름#아 왔어?"},
                {"participantID": "P02", "utterance": "응"},
            ],
        },
        ["A: <이름>아 왔어?\nB: 응"],
    ),
    "aihub-messages-summaries": (
        {
            "data": [
                {
                    "header": {"dialogueInfo": {"topic": "봄"}},
                    "body": {
                        "dialogue": [
                            {"participantID": "P01", "utterance": "왔어?"},
                            {"participantID": "P02", "utterance": "응"},
                        ],
                        "summary": "짧게",
                    },
                }
            ]
        },
        ["A: 왔어?\nB: 응"],
    ),
    "aihub-emotions": (
        [
            {
                "profile": {},
                "talk": {"content": {"HS01": "슬퍼.", "SS01": "왜요?", "HS02": "그냥.", "SS02": "", "HS03": ""}},
            }
        ],
        ["사람: 슬퍼.\n시스템: 왜요?\n사람: 그냥."],
    ),
    "aihub-callcentre-rows": (
        [
            {"대화셋일련번호": 1, "화자": "고객", "고객질문(요청)": "언제 오나요?"},
            {"대화셋일련번호": 1, "화자": "상담사", "고객질문(요청)": "", "상담사답변": "내일이요."},
            {"대화셋일련번호": 2, "화자": "고객", "고객질문(요청)": "값은?"},
        ],
        ["A: 언제 오나요?\nB: 내일이요.", "값은?"],
    ),
    "aihub-callcentre": (
        {
            "도메인": "금융",
            "대화": [{"화자": "고객", "고객질문(요청)": "언제?"}, {"화자": "상담사", "상담사답변": "내일."}],
        },
        ["A: 언제?\nB: 내일."],
    ),
    "aihub-persona": (
        {
            "info": {"topic": "봄"},
            "utterances": [{"role": "speaker", "text": "안녕"}, {"role": "listener", "text": "응"}],
        },
        ["A: 안녕\nB: 응"],
    ),
    "aihub-sessions": (
        {
            "sessionInfo": [
                {"dialog": [{"speaker": "speaker1", "utterance": "안녕"}, {"speaker": "speaker2", "utterance": "응"}]},
                {"dialog": [{"speaker": "speaker1", "utterance": "또 봐"}]},
            ]
        },
        ["A: 안녕\nB: 응", "또 봐"],
    ),
    "aihub-parallel": (
        {
            "data": [
                {"sn": 1, "source_language": "ko", "target_language": "en", "ko": P, "en": "Spring", "mt": "Sprung"}
            ]
        },
        [P],
    ),
    "aihub-parallel-codes-json": ({"S-Code": "EN", "T-Code": "KO", "원문": "Spring", "번역문": P}, [P]),
    "aihub-science-summaries": (
        {
            "dataset": {
                "doc_id": 1,
                "doc_title": {"kor": "봄", "eng": "Spring"},
                "context_info": [{"context": P, "summary": "짧게"}],
            }
        },
        [P],
    ),
    "aihub-clickbait": (
        {
            "sourceDataInfo": {"newsTitle": "봄", "newsSubTitle": "", "newsContent": P, "sentenceInfo": []},
            "labeledDataInfo": {"newTitle": "충격!"},
        },
        [f"봄\n{P}"],
    ),
    "aihub-patents": ({"invention_title": "화분", "abstract": P, "claims": Q}, [f"화분\n{P}\n{Q}"]),
    "aihub-patents-translated": (
        {"labeled_data": [{"invention_title_kor": "화분", "astrt_cont_kor": P, "claim_kor": Q, "claim_eng": "A pot"}]},
        [f"화분\n{P}\n{Q}"],
    ),
    "aihub-court": (
        {"info": {"caseNm": "봄"}, "facts": {"bsisFacts": [P]}, "mentionedItems": {}, "dcss": {"courtDcss": [Q]}},
        [f"{P}\n{Q}"],
    ),
    "aihub-terms-of-use": ({"clauseField": "1", "clauseArticle": [P]}, [P]),
    "aihub-law-by-id": (
        {"2020가1": {"info": {"caseName": "봄"}, "Facts": [P]}, "2020가2": {"info": {"caseName": "봄"}, "Facts": [Q]}},
        [P, Q],
    ),
    "aihub-law-knowledge": ({"info": {"Precedent": {"PrecedentContent": f"{P}<br/>{Q}"}}, "Triple": []}, [f"{P}\n{Q}"]),
    "aihub-tourism": ({"docu_info": {"contains": 2, "sentences": [{"sentence": P}, {"sentence": Q}]}}, [f"{P} {Q}"]),
    "aihub-foreign": ({"Title": "봄", "Text": P}, [f"봄\n{P}"]),
    "nikl-paragraphs": (
        {
            "id": "NWRW1",
            "metadata": {"category": "신문 > 인터넷"},
            "document": [{"metadata": {"date": "20180101"}, "paragraph": [{"form": "봄"}, {"form": P}]}],
        },
        [f"봄\n{P}"],
    ),
    "nikl-posts": (
        {"id": "EPRW1", "document": [{"metadata": {"title": "봄"}, "paragraph": [{"original_form": f"&name1& {P}"}]}]},
        [f"<이름> {P}"],
    ),
    "nikl-utterances": (
        {
            "id": "SBRW1",
            "document": {"id": "1", "utterance": [{"form": P, "speaker_id": "1"}, {"form": Q, "speaker_id": "2"}]},
        },
        [f"A: {P}\nB: {Q}"],
    ),
    "nikl-utterances-original": (
        {
            "id": "MDRW1",
            "document": [{"utterance": [{"original_form": "{emoji} &name1& 왔어 ((아마))", "speaker_id": "1"}]}],
        },
        ["<이름> 왔어 아마"],
    ),
    "nikl-sentences": (
        {"id": "NXNE1", "document": [{"sentence": [{"form": P, "ne": []}, {"form": Q, "NE": []}]}]},
        [f"{P}\n{Q}"],
    ),
    "nikl-corrections": (
        {"document": [{"utterance": [{"form": "봄이 왓다", "corrected_form": "봄이 왔다"}]}]},
        ["봄이 왔다"],
    ),
    "nikl-sentiment": ({"document": [{"metadata": {"title": "봄"}, "paragraph": [{"paragraph_form": P}]}]}, [P]),
    "nikl-aspects": ({"document": [{"sentence": [{"sentence_form": P}], "opinions": []}]}, [P]),
    "nikl-assembly-summaries": (
        {"document": [{"SC": {"main_summary": "짧게"}, "sentence": [{"form": P, "speaker_id": "1"}]}]},
        [P],
    ),
    "nikl-summaries": ({"data": [{"topic_sentences": [P, Q], "summary_sentences": ["짧게"]}]}, [f"{P}\n{Q}"]),
    "nikl-paraphrases": ({"data": [{"sentence_id": 1, "form": P, "paraphrases": [{"form": Q}]}]}, [f"{P}\n{Q}"]),
    "nikl-parallel": ({"parallel": [{"id": 1, "source": P, "target": ["Spring"]}]}, [P]),
}

TABLES: dict[str, tuple[list[dict[str, str]], list[str]]] = {
    "aihub-callcentre-table": (
        [
            {"대화셋일련번호": "1", "화자": "고객", "고객질문(요청)": "언제?", "상담사답변": ""},
            {"대화셋일련번호": "1", "화자": "상담사", "고객질문(요청)": "", "상담사답변": "내일."},
        ],
        ["A: 언제?\nB: 내일."],
    ),
    "aihub-talk-table": (
        [
            {"SPEAKER": "고객", "SENTENCE": "얼마예요?", "SENTENCEID": "1"},
            {"SPEAKER": "점원", "SENTENCE": "천 원이요.", "SENTENCEID": "2"},
            {"SPEAKER": "고객", "SENTENCE": "네.", "SENTENCEID": "1"},
        ],
        ["고객: 얼마예요?\n점원: 천 원이요.", "네."],
    ),
    "aihub-orders-table": (
        [
            {"발화자": "c", "발화문": "얼마예요?", "상담내순번": "1"},
            {"발화자": "s", "발화문": "천 원이요.", "상담내순번": "2"},
        ],
        ["고객: 얼마예요?\n점원: 천 원이요."],
    ),
    "aihub-parallel-table": ([{"원문": P, "번역문": "Spring"}], [P]),
    "aihub-parallel-codes": ([{"S_Code": "EN", "T_Code": "KO", "원문": "Spring", "번역문": P}], [P]),
    "aihub-parallel-korean-table": ([{"한국어": P, "영어": "Spring"}], [P]),
    "aihub-books-table": ([{"kdc": "813", "original_text": P}], [P]),
    "nikl-unpublished": (
        [{"file_id": "1", "sentence": P}, {"file_id": "1", "sentence": Q}, {"file_id": "2", "sentence": Q}],
        [f"{P}\n{Q}", Q],
    ),
    "nikl-grammaticality": ([{"acceptability_label": "1", "sentence": P}], [P]),
    "nikl-certainty": ([{"prev": P, "current": Q, "next": P}], [f"{P}\n{Q}\n{P}"]),
    "petitions-table": (
        [{"category": "육아", "begin": "2019-01-02", "title": "봄", "content": P, "num_agree": "3"}],
        [f"봄\n{P}"],
    ),
}

XML: dict[str, tuple[str, list[str]]] = {
    "judgements": (
        f"<PrecService><사건명>봄</사건명><선고일자>20200102</선고일자><판시사항><![CDATA[{P}<br/>{Q}]]></판시사항>"
        f"<판례내용>{P}&nbsp;</판례내용></PrecService>",
        [f"봄\n{P}\n{Q}\n{P}"],
    ),
    "constitutional-decisions": (f"<DetcService><사건명>봄</사건명><전문>{P}</전문></DetcService>", [f"봄\n{P}"]),
    "oai-dublin-core": (
        f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><metadata>'
        f'<oai_dc:dc xmlns:oai_dc="x" xmlns:dc="y"><dc:title>봄</dc:title>'
        f"<dc:description>{P}</dc:description><dc:date>2020</dc:date></oai_dc:dc></metadata>"
        f'</record><record><header status="deleted"/><metadata>'
        f'<oai_dc:dc xmlns:oai_dc="x" xmlns:dc="y"><dc:title>가을</dc:title>'
        f"<dc:description>{Q}</dc:description></oai_dc:dc></metadata></record></ListRecords>"
        f"</OAI-PMH>",
        [f"봄\n{P}", f"가을\n{Q}"],
    ),
    "kci": (
        f"<MetaData><outputData><record><journalInfo><pub-year>2020</pub-year></journalInfo>"
        f"<articleInfo><title-group><article-title lang='original'>봄</article-title></title-group>"
        f"<abstract-group><abstract>{P}</abstract></abstract-group></articleInfo></record>"
        f"</outputData></MetaData>",
        [f"봄\n{P}"],
    ),
    "nikl-dictionary-xml": (
        f"<channel><item><wordInfo><word>봄</word></wordInfo><senseInfo><definition>{P}</definition>"
        f"</senseInfo></item></channel>",
        [f"봄\n{P}"],
    ),
    "nikl-sejong": (
        f"<?xml version='1.0' encoding='utf-16'?><tei.2><teiHeader><fileDesc><titleStmt>"
        f"<title>봄</title></titleStmt></fileDesc></teiHeader><text><body><p>{P}<p>{Q}</body></text>"
        f"</tei.2>",
        [f"{P}{Q}"],
    ),
    "nikl-sjml": (
        f"<SJML><header><title>봄</title></header><text><p>{P}</p><p>{Q}</p></text></SJML>",
        [f"{P}\n{Q}"],
    ),
    "xml-records": (
        f"<records><record><title>봄</title><content>{P}</content></record></records>",
        [f"봄\n{P}"],
    ),
}
