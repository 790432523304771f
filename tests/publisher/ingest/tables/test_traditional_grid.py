"""Headings in traditional characters are known; texts stay, and what is counted is read."""

from tests.publisher.ingest.workbooks import (
    Rows,
    codes,
    column,
    csv_bytes,
    read_workbook,
    rows_left_out,
    xlsx,
)


def test_a_table_with_traditional_headings_is_read_and_its_texts_stay() -> None:
    reading = read_workbook(
        csv_bytes(
            ["序號", "事項名稱", "職權類型", "設定依據", "實施主體", "法定辦結時限", "錄入人"],
            [
                "1",
                "食品經營許可",
                "行政許可",
                "《食品安全法》第三十五條",
                "市場監督管理局",
                "20個工作日",
                "張三",
            ],
            ["合計", "", "", "", "", "", ""],
            ["備註：本表由編辦解釋", "", "", "", "", "", ""],
        ),
        "power-list",
    )
    assert rows_left_out(reading) == [(1, "header"), (3, "total"), (4, "note")]
    (record,) = reading.records
    assert record.content["name"] == "食品經營許可"
    assert record.content["actor"] == "市場監督管理局"
    assert record.content["power_type"] == "行政许可"
    assert record.originals["power_type"] == "行政許可"
    assert record.content["statutory_limit"] == {"value": 20, "unit": "工作日"}
    assert codes(reading) == ["personal-column"]
    assert "張三" not in repr(reading)


def test_a_traditional_unit_above_the_table_is_that_of_its_sums() -> None:
    rows: Rows = [
        ["收費項目一覽"],
        ["單位：萬元"],
        ["序號", "收費項目", "資金管理方式", "收費標準"],
        [1, "護照費", "繳入中央國庫", "5"],
    ]
    reading = read_workbook(xlsx(("收費", rows)), "fees")
    assert column(reading, "amount") == [{"amount": "50000", "unit": "元"}]
    assert column(reading, "management") == ["缴入中央国库"]


def test_traditional_words_in_a_simplified_table_stay() -> None:
    rows = csv_bytes(["事项名称", "权力类型", "行使主体"], ["對違法的處罰", "行政处罚", "稅務局"])
    reading = read_workbook(rows, "power-list")
    assert column(reading, "name") == ["對違法的處罰"]
    assert column(reading, "actor") == ["稅務局"]


def test_lists_notes_and_groups_stay_in_traditional_characters() -> None:
    """Citations are read in simplified characters, so that an article stays with its law."""
    rows: Rows = [
        ["序號", "收費項目", "政策依據", "收費標準", "收費標準說明", "資金管理方式"],
        ["一、外交部門（2項）"],
        [
            1,
            "護照費",
            "國發[2015]34號、《護照法》第三十五條；省政府批準",
            "每證50元",
            "不含加急費",
            "繳入中央國庫",
        ],
    ]
    reading = read_workbook(xlsx(("收費", rows)), "fees")
    (record,) = reading.records
    assert record.content["basis"] == ["國發〔2015〕34號", "《護照法》第三十五條", "省政府批準"]
    assert record.content["department"] == "外交部門"
    assert record.content["standard"] == "每證50元（不含加急費）"
    assert record.content["management"] == "缴入中央国库"


def test_free_words_beside_a_vocabulary_and_nothing_in_place_of_a_code() -> None:
    rows = csv_bytes(
        ["序號", "事項名稱", "職權類型", "職權編碼", "實施層級"],
        ["1", "甲許可", "行政許可", "無", "負責屬地範圍"],
        ["2", "乙許可", "行政許可", "A1", "省級、縣級"],
    )
    reading = read_workbook(rows, "power-list")
    assert column(reading, "level") == ["負責屬地範圍", "省级、县级"]
    assert [record.content.get("code") for record in reading.records] == [None, "A1"]


def test_attachments_and_plain_lists_stay_in_traditional_characters() -> None:
    rows = csv_bytes(
        ["標題", "發文字號", "成文日期", "附件", "提綱"],
        ["關於護照的通知", "示政发〔2015〕34号", "2015年11月5日", "附件：申請表.pdf", "一、總則；二、細則"],
    )
    reading = read_workbook(rows, "policies")
    assert column(reading, "attachments") == [[{"name": "附件：申請表.pdf"}]]
    assert column(reading, "outline") == [["一、總則", "二、細則"]]


def test_an_amount_is_derived_from_a_traditional_text() -> None:
    rows: Rows = [
        ["序號", "收費項目", "收費標準", "資金管理方式"],
        [1, "護照費", "每證50元", "繳入中央國庫"],
        [2, "牌照費", "5萬元", "繳入中央國庫"],
    ]
    reading = read_workbook(xlsx(("收費", rows)), "fees")
    assert column(reading, "standard") == ["每證50元", "5萬元"]
    assert column(reading, "amount") == [{"amount": "50", "unit": "元/证"}, {"amount": "50000", "unit": "元"}]
    assert reading.records[1].originals["amount"] == "5萬元"
