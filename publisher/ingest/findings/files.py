"""Kinds of findings about a whole file, before its rows are read."""

from __future__ import annotations

from publisher.ingest.findings.kind import Kind

EMPTY = Kind(
    "file-empty",
    "error",
    "文件是空的，没有任何内容",
    "The file is empty",
    "请确认导出或下载是否完整，重新获取文件",
    "Check that the export or download was complete and get the file again",
    "0 KB",
)
TOO_LARGE = Kind(
    "file-too-large",
    "error",
    "文件太大：{detail}",
    "The file is too large: {detail}",
    "请按部门或类别分成几个文件，或另存为 CSV、JSON Lines 后再导入",
    "Split the file, or save it as CSV or JSON Lines, and import again",
    "70 MiB > 64 MiB",
)
BOMB = Kind(
    "file-expands-too-much",
    "error",
    "文件解压后体积异常，已拒绝读取：{detail}",
    "The compressed file expands abnormally and was not read: {detail}",
    "请在电子表格软件中打开并另存为新的 .xlsx 文件，删除无用的空行空列和图片",
    "Open it in a spreadsheet program and save it as a new .xlsx without unused rows, columns and pictures",
    "xl/worksheets/sheet1.xml × 1029",
)
ENCRYPTED = Kind(
    "file-encrypted",
    "error",
    "文件有密码或已加密，无法读取",
    "The file is encrypted or protected by a password",
    "请用密码打开文件，取消密码（另存为时不设密码）或解密后再导入",
    "Open it with its password, save it without one, and import that file",
    "EncryptedPackage",
)
DAMAGED = Kind(
    "file-damaged",
    "error",
    "文件已损坏或不完整，无法读取。详情：{detail}",
    "The file is damaged or incomplete. Details: {detail}",
    "请用电子表格软件打开看是否正常，另存一份后再导入；打不开时请部门重新报送",
    "Open it in the program that made it, save it again and import that; else request the file again",
    "CRC",
)
UNSUPPORTED = Kind(
    "file-kind-unsupported",
    "error",
    "不能从这种文件读取表格：{detail}",
    "Tables cannot be read from this kind of file: {detail}",
    "请另存为 .xlsx 或 .docx（文字可复制的表格）后再导入",
    "Save it as .xlsx or .docx, as a table whose text can be copied, and import that",
    "PDF",
)
WORD_97 = Kind(
    "file-old-word",
    "error",
    "这是旧版 Word 或 WPS 文字文档（.doc、.wps），不能直接读取其中的表格",
    "This is an old Word or WPS document (.doc, .wps), whose tables cannot be read",
    "请用 Word 或 WPS 打开，另存为 .docx 后再导入",
    "Open it in Word or WPS, save it as .docx and import that",
    "权责清单.doc",
)
EXCEL_95 = Kind(
    "file-old-excel",
    "error",
    "这是 Excel 97 以前的工作簿，不能直接读取",
    "This is a workbook from before Excel 97, which cannot be read",
    "请用 Excel 或 WPS 打开，另存为 .xlsx 后再导入",
    "Open it in Excel or WPS, save it as .xlsx and import that",
    "Excel 5.0/95",
)
ARCHIVE = Kind(
    "file-is-archive",
    "error",
    "这是压缩包（{detail}），不是一个表格文件",
    "This is an archive ({detail}), not one table",
    "请先解压，再逐个导入其中的文件",
    "Unpack it and import the files in it",
    "zip",
)
BINARY = Kind(
    "file-not-a-table",
    "error",
    "无法识别文件类型：内容既不是电子表格，也不是文字",
    "The file is neither a spreadsheet nor text",
    "请确认选对了文件；可以导入 xls、xlsx、ods、docx、html、csv、json、jsonl",
    "Check that it is the right file; xls, xlsx, ods, docx, html, csv, json and jsonl can be imported",
    "data.bin",
)
NO_TABLE = Kind(
    "file-without-table",
    "error",
    "文件中没有含文字的表格（{detail}）",
    "The file contains no table with text ({detail})",
    "请确认表格是文字而不是图片，并且不在文本框里",
    "Check that the table is text, not a picture, and not inside a text box",
    "docx",
)
NOT_RECORDS = Kind(
    "json-not-records",
    "error",
    "JSON 结构不符：{detail}",
    "The JSON does not contain records: {detail}",
    "应为对象数组、只含一个数组的对象，或每行一个对象（JSON Lines）",
    "Provide an array of objects, an object with one such array, or one object per line (JSON Lines)",
    "[{}, {}, 3]",
)
BAD_JSON = Kind(
    "json-broken",
    "error",
    "{detail} JSON 语法错误，通常是缺少逗号、引号或括号",
    "JSON syntax error at {detail}; usually a missing comma, quote or bracket",
    "请改正，或重新导出",
    "Fix it or export again",
    '{"a": 1 "b": 2}',
)
DAMAGED_TEXT = Kind(
    "text-damaged",
    "warning",
    "有{detail}处文字无法解码，显示为“\ufffd”",
    "{detail} places of the text could not be decoded and show as U+FFFD",
    "请对照原文件核对这些地方，或另存为 UTF-8 后重新导入",
    "Compare those places with the original, or save it as UTF-8 and import again",
    "2",
)
LOOSE_QUOTES = Kind(
    "csv-quotes",
    "warning",
    "第{detail}行的引号没有成对，已按普通文字读取，这一行可能错列",
    "Unpaired quote in row {detail}; it was read as text, and the row's columns may be shifted",
    "请核对这一行，改正引号后重新导入",
    "Fix the quote and import again",
    'a,"b',
)
OPEN_QUOTE = Kind(
    "csv-quote-open",
    "error",
    "{detail}有一个引号没有成对，后面的行被并进了同一个单元格，无法确定各行内容",
    "{detail}: a quote opens here and is not closed, so that the lines below it became one cell",
    "请在这一行去掉多余的引号，或在单元格两端都加引号；也可以另存为 .xlsx 后再导入",
    "Remove the stray quote in this row or quote both ends of the cell; or save the table as .xlsx",
    'a,"b,c',
)
EXTRA_CELLS = Kind(
    "csv-extra-cells",
    "warning",
    "第{detail}行的单元格比其他行多，文字中可能有未加引号的分隔符，内容可能错列",
    "Row {detail} has more cells than the others; an unquoted delimiter may have shifted its columns",
    "请核对这一行；含分隔符的文字两端要加引号",
    "Check the row; quote text that contains the delimiter",
    "a,b,c,d",
)
UNSEEN_RUNS = Kind(
    "runs-unseen",
    "warning",
    "文档中有{detail}个字是划去或隐藏的，没有读入",
    "{detail} characters of the document are struck out or hidden and were not read",
    "如果它们应当公布，请在文档中取消删除线或隐藏后重新导入",
    "If they should be published, show them or remove the strike-through, and import the document again",
    "旧名称",
)
FORMULA_WITHOUT_VALUE = Kind(
    "formula-without-value",
    "warning",
    "{detail}只有公式，没有计算结果，按空白读取",
    "{detail}: formula without a saved result, read as blank",
    "请用 WPS 或 Excel 打开，保存后重新导入",
    "Open the file in Excel or WPS, save it and import again",
    "=ROW()",
)
DIGITS_LOST = Kind(
    "digits-lost",
    "warning",
    "{detail}把编码存成了数字，第15位以后已变为0，无法恢复",
    "{detail}: codes are stored as numbers; digits after the 15th are lost",
    "请从原系统取得完整编码，将该列设为文本后重新填写",
    "Get the full codes from the source system, format the column as text and enter them again",
    "1",
)
