"""Kinds of findings about tables. ``all_kinds`` collects every kind that a module defines."""

from __future__ import annotations

from publisher.ingest.findings.kind import Kind

NO_HEADER = Kind(
    "no-header",
    "error",
    "没有找到表头：没有一行的列名符合清单类型“{catalogue}”",
    "No header: no row names the columns of the kind of list “{catalogue}”",
    "请在数据上方写一行列名（至少有“{title}”），或者选择正确的清单类型后重新导入",
    "Put one row of column names above the data (with “{title}” at least), or choose the right kind of list",
    "甲 | 乙 | 丙",
)
NO_RECORDS = Kind(
    "no-records",
    "error",
    "表头下面没有数据",
    "There is a header but no record below it",
    "请确认文件是否完整；空表不能导入，以免误删已发布的事项",
    "Check that the file is complete; an empty table is refused, as it would remove what is published",
    "序号 | 事项名称 | 权力类型",
)
SHEET_WITHOUT_TABLE = Kind(
    "sheet-without-table",
    "warning",
    "这张工作表没有表头，{rows}行未读入",
    "This sheet has no header; its {rows} rows were not read",
    "如果其中有数据，请补上列名；说明页、封面页可以忽略",
    "If it contains data, add a row of column names; a cover or a page of notes may stay as it is",
    "填表说明",
)
UNMAPPED_COLUMN = Kind(
    "unmapped-column",
    "warning",
    "这一列不属于清单类型“{catalogue}”，未读入，其中{filled}格有内容",
    "This column is not a field of “{catalogue}” and was not read; {filled} of its cells have text",
    "如果列名写法不同，请改为规定的列名；否则可以忽略",
    "If it is a field by another name, use the prescribed heading; otherwise ignore this",
    "领导批示",
)
COLUMN_TWICE = Kind(
    "column-twice",
    "warning",
    "“{title}”出现了两列，每行读有内容的一列，都有内容时读前一列",
    "There are two columns “{title}”; each row is read from the first of them that has text",
    "请删除多余的一列，或者改正它的列名",
    "Remove the second column or correct its heading",
    "事项名称 | … | 事项名称",
)
COLUMNS_DIFFER = Kind(
    "columns-differ",
    "warning",
    "“{title}”的另一列在这一行内容不同，未读入；读入的是{column}列",
    "Another column “{title}” says something else in this row and was not read; column {column} was",
    "请核对两列，只保留正确的一格",
    "Compare the two columns and keep the right cell only",
    "责任事项依据 | … | 责任事项依据",
)
CHOICE_UNCLEAR = Kind(
    "choice-unclear",
    "error",
    "“{title}”下面这一格既不是勾选，也不是规定用词，看不出选了哪一项，未读入",
    "This cell below “{title}” is neither a tick nor a word of its vocabulary; what it chooses is unclear",
    "请在选中的一列写“√”，其余各列留空；说明请写在备注中",
    "Tick the column that is chosen and leave the others blank; put notes into the remark",
    "行使层级（县级）：√（委托）",
)
UNIT_UNKNOWN = Kind(
    "unit-unknown",
    "warning",
    "“{title}”的单位“{unit}”无法识别，按规定的单位读取",
    "“{unit}” is not a known unit of “{title}”; the usual unit was taken",
    "请在单位列写出单位，例如工作日、自然日、元/证；代码请换成文字",
    "Write the unit out in its column, for example 工作日, 自然日, 元/证; replace a code by its meaning",
    "法定办结时限单位：1",
)
UNIT_DIFFERS = Kind(
    "unit-differs",
    "warning",
    "“{title}”中已有单位，与单位列的“{unit}”不同，按前者读取",
    "“{title}” contains a unit that differs from “{unit}” in the column of units; the former was taken",
    "请核对，使两处一致",
    "Make the two agree",
    "20个工作日 | 自然日",
)
UNIT_BELOW = Kind(
    "unit-below-header",
    "warning",
    "表头下面写有单位“{unit}”，没有用于读取上下各行",
    "A line below the header states the unit {unit}; no row was read with it",
    "请把单位写在表头上方或者列名里，例如：收费标准（万元）",
    "State the unit above the header or in the heading, for example 收费标准（万元）",
    "注：金额单位为万元",
)
NOTE_BESIDE = Kind(
    "note-beside",
    "info",
    "“{title}”的说明列有文字，保留在原文中",
    "The column of notes on “{title}” has text, which stays in the original",
    "请核对；附带的条件可以写在备注中",
    "Check it; conditions may go into the remark",
    "法定办结时限说明：不含公示时间",
)
MISSING_COLUMN = Kind(
    "missing-column",
    "error",
    "缺少必填的“{title}”列",
    "The required column “{title}” is missing",
    "请补上这一列；如果列名写法不同，请改成“{title}”",
    "Add the column; if it has another name, call it “{title}”",
    "序号 | 设定依据",
)
PERSONAL_COLUMN = Kind(
    "personal-column",
    "info",
    "“{title}”列是个人信息，读入时已经去掉，不保存也不公开",
    "The column “{title}” is personal: it was discarded on import and is neither stored nor published",
    "无需处理",
    "Nothing to do",
    "录入人",
)
HIDDEN_SHEET = Kind(
    "hidden-sheet",
    "warning",
    "这张工作表是隐藏的，已经照常读入",
    "This sheet is hidden; it was read like the others",
    "请确认它也要公布；如不公布，请从文件中删除",
    "Check that it is meant for publication, or delete it from the file",
    "隐藏的 Sheet2",
)
HIDDEN_ROWS = Kind(
    "hidden-rows",
    "warning",
    "有{count}行是隐藏的，已经照常读入：{rows}",
    "{count} rows are hidden and were read like the others: {rows}",
    "请确认它们也要公布；如不公布，请从文件中删除",
    "Check that they are meant for publication, or delete them from the file",
    "隐藏的第5行",
)
HIDDEN_COLUMNS = Kind(
    "hidden-columns",
    "warning",
    "有{count}列是隐藏的，已经照常读入：{columns}",
    "{count} columns are hidden and were read like the others: {columns}",
    "请确认它们也要公布；如不公布，请从文件中删除",
    "Check that they are meant for publication, or delete them from the file",
    "隐藏的 B 列",
)
COVERED_TEXT = Kind(
    "covered-text",
    "warning",
    "{cells}有文字被合并单元格盖住，表格软件中看不到，没有读入",
    "{cells}: merged cells hide text that a spreadsheet program does not show; it was not read",
    "请取消合并后核对：要公布的写在看得见的单元格里，不公布的删除",
    "Unmerge the cells and check: write what is meant in a visible cell, delete the rest",
    "E3 单元格中被盖住的旧情形",
)
STRUCK_TEXT = Kind(
    "struck-text",
    "warning",
    "{cells}的文字有删除线，已经照常读入",
    "{cells}: text is struck through; it was read like other text",
    "已经取消的请从文件中删除，仍然有效的请去掉删除线",
    "Delete what is no longer valid from the file, or remove the line",
    "整行加了删除线的事项",
)
UNSEEN_TEXT = Kind(
    "cell-text-unseen",
    "warning",
    "有{count}行的单元格里有隐藏或划去的文字，没有读入：{rows}",
    "Cells of {count} rows contain hidden or struck-out text that was not read: {rows}",
    "请核对；如果它们应当公布，请取消隐藏或删除线后重新导入",
    "Check it; if it should be published, show it or remove the line, and import again",
    "旧名许可（划去）新名许可",
)
PICTURE_IN_CELL = Kind(
    "picture-in-cell",
    "warning",
    "{cells}是图片，图片里的文字读不到，按空白读入",
    "{cells}: the cell is a picture, whose text cannot be read; read as blank",
    "请把图片里的内容写成文字；图标、公章可以忽略",
    "Write its content as text; ignore this for an icon or a seal",
    "D3 单元格里只有一张截图",
)
CELL_UNCLEAR = Kind(
    "cell-unclear",
    "warning",
    "{cells}没有写明内容：网页上要点开才能看到，或者下拉选项没有选定；按空白读入",
    "{cells}: the page shows the content after a click only, or no option is selected; read as blank",
    "请对照网页补上这一格的内容",
    "Look at the page and fill in the cell",
    "查看更多",
)
FORMAT_UNKNOWN = Kind(
    "number-format-unknown",
    "warning",
    "{cell}的数字格式“{format}”无法识别，按存储的数值读入",
    "{cell}: the number format “{format}” is not understood; the number was read as it is stored",
    "请核对这一格，或者直接写出显示的文字",
    "Check the cell, or write the text out as it is displayed",
    "格式为 bbbb 的单元格",
)
NUMBER_NOT_SHOWN = Kind(
    "number-not-shown",
    "warning",
    "{cell}有数值，但格式使它不显示，按空白读入",
    "{cell}: the cell contains a number that its format does not show; read as blank",
    "请改正单元格格式，或删除这个数值",
    "Correct the format of the cell, or delete the number",
    "格式为 ;;; 的单元格",
)
ROUNDED_BY_FORMAT = Kind(
    "rounded-by-format",
    "warning",
    "单元格显示为“{shown}”，存储的是“{stored}”，按存储的数值读入",
    "The cell shows “{shown}” and contains “{stored}”; the number was read as it is stored",
    "请核对应当公布哪一个数，并让单元格显示完整的数值",
    "Check which number is meant, and let the cell show all of it",
    "存储的0.85，显示为“0.9元”",
)
DATE_CELL = Kind(
    "date-in-cell",
    "error",
    "“{title}”这一格是日期“{shown}”，可能是表格软件自动改成的",
    "The cell of “{title}” is the date “{shown}”, perhaps made by the spreadsheet program",
    "请把单元格设为文本格式，重新填写原来的内容",
    "Format the cell as text and enter the original content again",
    "被改成“1月3日”的1-3",
)
REQUIRED_MISSING = Kind(
    "required-missing",
    "error",
    "缺少必填的“{title}”",
    "The required “{title}” is blank",
    "请在这一行填上“{title}”",
    "Fill in “{title}” in this row",
    "7 | 畜禽定点屠宰厂（场）审查 | （权力类型空白）",
)
SEVERAL_NAMES = Kind(
    "several-names",
    "warning",
    "“{title}”这一格好像写了{count}项，已按一项读入",
    "The cell of “{title}” seems to name {count} items; it was read as one",
    "如果是几项，请每项写一行；如果本来是一项，可以忽略",
    "If there are several, give each a row of its own; if it is one item, ignore this",
    "1.护照费；2.签证费",
)
NAME_ONLY = Kind(
    "name-only",
    "warning",
    "这一行只有“{title}”，其他列都是空的，已按一项读入",
    "This row has only a “{title}” and no other text; it was read as an item",
    "如果它是下面各行的标题、说明，或者上一行名称的下半截，请改正；如果是事项，请填全其他列",
    "If it heads the rows below, is a note or ends the name above, correct it; else fill in the row",
    "（一）食品类",
)
NUMBER_IS_TEXT = Kind(
    "number-is-text",
    "warning",
    "序号列写的是“{number}”，不像序号，这一行已按一项读入",
    "The column of running numbers says “{number}”, which is no number; the row was read as an item",
    "如果这一行不是事项（例如地址、签字），请删除；如果是事项，请改正序号",
    "If the row is no item (an address, a signature), delete it; if it is one, correct its number",
    "监督电话 | 0412-12345",
)
NAME_WITHOUT_WORDS = Kind(
    "name-without-words",
    "warning",
    "“{title}”这一格没有文字，只有数字或符号",
    "The cell of “{title}” has no words, only a number or a sign",
    "请核对这一行是否错列，并填上名称",
    "Check whether the row is shifted, and fill in the name",
    "42313",
)
PARENT_WITHOUT_NAME = Kind(
    "parent-without-name",
    "error",
    "上一级（第{parent}行）没有名称，不能确定这一行属于哪一项",
    "The item in row {parent} that this row is part of has no name",
    "请在第{parent}行填上名称",
    "Fill in the name in row {parent}",
    "2 | （名称空白），下一行是（1）工本费",
)
TEXT_JOINED = Kind(
    "text-joined",
    "warning",
    "这一行没有名称，文字已接在第{first}行“{title}”之后",
    "This row has no name; its text was joined to that of row {first}, {title}",
    "请核对接续处；如果是另一项，请填上名称",
    "Check the joint; if this is another item, fill in its name",
    "分页断开的一行：应 | 当经某局许可。",
)
DITTO_WITHOUT_SOURCE = Kind(
    "ditto-without-source",
    "warning",
    "写的是“同上”，但上一行这一列是空的，按空白处理",
    "The cell says “as above”, but the row above is blank there: taken as blank",
    "请写出内容",
    "Write the text out",
    "同上",
)
FORMULA_ERROR = Kind(
    "formula-error",
    "warning",
    "单元格中的公式出错，按空白处理",
    "The cell's formula failed: taken as blank",
    "请在表格软件中改正公式，或直接写出内容",
    "Fix the formula in the spreadsheet program, or write the text out",
    "#REF!",
)
NUMBER_ONLY_ROW = Kind(
    "number-only-row",
    "warning",
    "这一行只有序号，没有内容，未读入",
    "This row contains only a running number; it was not read",
    "请填上内容，或删除这一行",
    "Fill the row in or delete it",
    "12 | | |",
)
NO_ITEM = Kind(
    "no-item",
    "warning",
    "这一行的名称写的是没有，未读入",
    "The name in this row says that there is no item; it was not read",
    "如果确实没有事项，可以忽略或删除这一行；如果有，请填上名称",
    "If there is none, ignore this or delete the row; else fill in the name",
    "行政强制 | 无",
)
EXAMPLE_ROW = Kind(
    "example-row",
    "warning",
    "这一行写明是填写示例，未读入",
    "This row says that it is an example; it was not read",
    "请删除示例；如果是数据，请把“例”改成序号",
    "Delete the example; if it is data, replace 例 by its number",
    "例 | 食品经营许可",
)
STRAY_TEXT = Kind(
    "stray-text",
    "warning",
    "这一行的文字都不在规定的列中，未读入",
    "All text of this row is outside the prescribed columns; it was not read",
    "如果是数据，请移到对应的列；否则可以忽略",
    "If it is data, move it into its column; otherwise ignore this",
    "| | | | 行政许可",
)
COUNT_MISMATCH = Kind(
    "count-mismatch",
    "warning",
    "标题写明{claimed}项，实际读到{counted}项",
    "The title says {claimed} items, but the rows give {counted}",
    "请核对是否有缺行、多行，或改正标题中的数字",
    "Look for missing or extra rows, or correct the number in the title",
    "行政许可（11项）",
)
LIMIT_EXCEEDED = Kind(
    "promised-exceeds-statutory",
    "error",
    "承诺办结时限（{promised}）超过法定办结时限（{statutory}）",
    "The promised limit {promised} exceeds the statutory limit {statutory}",
    "承诺办结时限不得超过法定办结时限，请核对这两列",
    "A promised limit must not exceed the statutory one: check both columns",
    "法定20个工作日，承诺30个工作日",
)
DUPLICATE = Kind(
    "duplicate-row",
    "warning",
    "与第{first}行{where}完全相同，只计一次",
    "An exact copy of row {first}{where_en}; counted once",
    "请删除重复的一行",
    "Delete one of the two rows",
    "同一事项抄了两遍",
)
CLASH = Kind(
    "identity-clash",
    "error",
    "与第{first}行{where}是同一事项（{identity}相同），但内容不同：{differs}",
    "Same item as row {first}{where_en} by {identity_en}, but with different content: {differs_en}",
    "请在{identity}中写明区别，使两行可以分开；如果本是一项，请合并成一行",
    "Distinguish the two rows in {identity_en}; if they are one item, make them one row",
    "两行都叫“建筑业企业资质审批”，依据不同",
)
CODE_SHARED = Kind(
    "code-shared",
    "warning",
    "编码“{code}”还用于名称不同的事项（第{first}行{where}），这些事项按名称等字段区分",
    "Code {code} is also that of an item of another name (row {first}{where_en}); names distinguish them",
    "如果编码由上级下发，无需处理；否则请核对编码",
    "Nothing to do if a higher body gave the code; otherwise check it",
    "650000207CF001用于两项处罚",
)
