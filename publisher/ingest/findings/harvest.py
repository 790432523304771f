"""Kinds of findings about harvesting a site."""

from __future__ import annotations

from publisher.ingest.findings.kind import Bilingual, Kind

ROBOTS = Kind(
    "robots",
    "warning",
    "网站的 robots.txt 不允许访问该地址，未访问",
    "The site's robots.txt does not allow this address; it was not requested",
    "请与该网站协商，或从 sources.toml 删除该地址",
    "Agree with the site, or remove the address from sources.toml",
    "Disallow: /gk/",
)
ROBOTS_UNKNOWN = Kind(
    "robots-unknown",
    "warning",
    "无法获取网站的 robots.txt，按不允许处理。详情：{detail}",
    "The site's robots.txt cannot be fetched, so nothing is requested. Details: {detail}",
    "请稍后再采集；如持续出现，请告知该网站",
    "Collect again later; if this continues, notify the site",
    "503",
)
REFUSED_HOST = Kind(
    "refused-host",
    "warning",
    "主机不在 hosts 名单中，未访问：{detail}",
    "The host is not among the source's hosts and was not contacted: {detail}",
    "确认是官方网站后，加入 sources.toml 的 hosts；请勿加入镜像和被劫持的网站",
    "Add it to hosts in sources.toml once you know that it is official; never a mirror",
    "mirror.example",
)
REFUSED_ADDRESS = Kind(
    "refused-address",
    "error",
    "域名或跳转指向内部地址，已拒绝访问：{detail}",
    "The name or a redirect leads to an internal address and was refused: {detail}",
    "请核对域名解析；网站可能被劫持",
    "Check the name's resolution; the site may be hijacked",
    "www.example.gov.cn → 10.0.0.1",
)
REFUSED_SCHEME = Kind(
    "refused-scheme",
    "warning",
    "不是可以访问的网址：{detail}",
    "Not an address that can be requested: {detail}",
    "请核对链接",
    "Check the link",
    "ftp://…",
)
CERTIFICATE = Kind(
    "certificate",
    "error",
    "网站的证书无效，未读取。详情：{detail}",
    "The site's certificate is not valid and nothing was read. Details: {detail}",
    "请告知该网站更新证书；自建的根证书请加入本机的信任列表",
    "Notify the site; add a root certificate of your own to this machine's trusted roots",
    "certificate has expired",
)
UNREACHABLE = Kind(
    "unreachable",
    "warning",
    "无法连接网站。详情：{detail}",
    "Cannot connect to the site. Details: {detail}",
    "下次采集时自动重试；如连续多日出现，请联系该网站",
    "It is retried at the next run; if this continues for days, contact the site",
    "Connection refused",
)
TIMEOUT = Kind(
    "timeout",
    "warning",
    "网站未在规定时间内返回：{detail}",
    "The response did not end in time: {detail}",
    "将自动重试；如持续出现，可在 sources.toml 放宽 timeout",
    "It is retried; if this continues, raise timeout in sources.toml",
    "> 30 s",
)
HOST_SILENT = Kind(
    "host-silent",
    "warning",
    "{detail} 连续3次没有响应或返回繁忙，本次停止访问，其余文件下次采集",
    "{detail} failed to respond or was busy three times in a row and is skipped for this run; "
    "the rest is collected next time",
    "请稍后再采集；如持续出现，请告知该网站",
    "Collect again later; if this continues, notify the site",
    "www.example.gov.cn",
)
REDIRECTS = Kind(
    "too-many-redirects",
    "warning",
    "跳转次数过多：{detail}",
    "Too many redirects: {detail}",
    "请核对地址",
    "Check the address",
    "a → b → a → …",
)
STATUS = Kind(
    "answer-status",
    "warning",
    "网站返回 {status}，没有可读取的内容",
    "The site returned {status}; there is nothing to read",
    "将自动重试；如持续出现，请核对地址",
    "It is retried; if this continues, check the address",
    "403",
)
ANSWER_TOO_LARGE = Kind(
    "answer-too-large",
    "warning",
    "返回内容超过 {most} MiB，只存档开头部分，未读取",
    "The response is larger than {most} MiB; its beginning was archived and it was not read",
    "如有需要，请在 sources.toml 放宽 largest",
    "If it is needed, raise largest in sources.toml",
    "100 MiB",
)
ANSWER_DAMAGED = Kind(
    "answer-damaged",
    "warning",
    "返回内容的压缩有误，无法打开。详情：{detail}",
    "The compressed response cannot be decoded. Details: {detail}",
    "下次采集时自动重试",
    "It is retried at the next run",
    "Content-Encoding: br",
)
PAGE_FAILED = Kind(
    "page-failed",
    "error",
    "读取时程序出错，已跳过（连续第{times}次）。详情：{detail}",
    "The program failed on this page and skipped it (failure {times} in a row). Details: {detail}",
    "连续2次出错后暂停读取该页，过了 recheck 的时长再试；请把地址和详情告知开发者",
    "After two failures it is set aside until recheck has passed; report address and details to the project",
    "RecursionError",
)
SOURCE_FAILED = Kind(
    "source-failed",
    "error",
    "该来源的采集中断，其余来源不受影响：{because}",
    "Collecting this source ended early; other sources go on: {because_en}",
    "过了 every 的时长自动重试；如持续出现，请按提示处理，或告知开发者",
    "It is retried after every; if this continues, resolve the reason, or report it to the project",
    "migration-needed",
)
PAGE_ABSENT = Kind(
    "page-absent",
    "warning",
    "网站返回200，但内容是“页面不存在”或首页，未读取",
    "The site returned 200 with a “not found” page or its home page; it was not read",
    "请核对链接",
    "Check the link",
    "您访问的页面不存在",
)
BAD_ANSWER = Kind(
    "answer-not-the-page",
    "warning",
    "网站返回200，但内容是{what}，不是这一网页，未读取，将自动重试",
    "The site returned 200 with {what} instead of the page; it was not read and is requested again",
    "如连续多日出现，请联系该网站；来源数据在此期间不受影响",
    "If this continues for days, contact the site; published data is not affected meanwhile",
    "您的请求已被拦截",
)
BAD_ANSWERS = {
    "blank": Bilingual("空白网页", "a blank page"),
    "script": Bilingual("只有脚本的网页", "a page that only runs a script"),
    "intercepted": Bilingual("访问拦截页", "a page that blocks the visit"),
    "captcha": Bilingual("识别真人的网页", "a CAPTCHA"),
    "maintenance": Bilingual("网站维护页", "a maintenance page"),
}
"""Content that came instead of a page."""
DRY_RUN_CUT = Kind(
    "dry-run-cut",
    "info",
    "试运行的时间已到，其余网页未看",
    "The time of the dry run is over; other pages were not looked at",
    "已看到的符合预期即可；网站很慢时，请核对 pace 和网站的 robots.txt",
    "It is enough if what was read is as expected; where the site is slow, check pace and its robots.txt",
    "Crawl-delay: 30",
)
LIST_EMPTY = Kind(
    "list-empty",
    "warning",
    "这个列表中没有找到文件的链接",
    "No link to a document was found in this list",
    "请核对 sources.toml 中的地址、hosts 和 documents；网站可能已改版",
    "Check the address, hosts and documents in sources.toml; the site may have been redesigned",
    "列表由脚本生成",
)
LIST_CONTINUES = Kind(
    "list-continues",
    "warning",
    "这个列表称有后续页，但没有写出其网址，后续页未采集",
    "This list says that it has further pages, but names no address of one; these were not collected",
    "请在浏览器中打开后续页，把它们的网址加到 sources.toml 的 lists",
    "Open the further pages in a browser, and add their addresses to lists in sources.toml",
    "下一页",
)
LIST_FILES = Kind(
    "list-files",
    "info",
    "列表中有{count}个链接直接指向文件而不是网页，未采集",
    "{count} links of the list lead to files and not to pages; they were not followed",
    "其中如有公文，请下载后用 qingdan import 导入",
    "If documents are among them, download and import them",
    "通知.pdf",
)
SOURCE_CHANGED = Kind(
    "source-changed",
    "warning",
    "该网页在来源网站上有变化（由{sign}发现），新旧两份均已存档",
    "The page was changed at its source (detected by {sign_en}); both versions are archived",
    "请核对变化；发布后将列为一次调整",
    "Review the change; once published it is listed as a change",
    "ETag",
)
SOURCE_VANISHED = Kind(
    "source-vanished",
    "warning",
    "该文件已从来源网页上消失（由{sign}发现），已发布的内容不受影响，原网页已存档",
    "The document is gone from this page of its source (detected by {sign_en}); published content is not "
    "affected, and the page is archived",
    "请核对该文件是否撤回或迁移",
    "Check whether the document was withdrawn or moved",
    "404",
)
SOURCE_RETURNED = Kind(
    "source-returned",
    "info",
    "曾消失的网页已恢复访问",
    "The page is accessible again",
    "无需处理",
    "Nothing to do",
    "404 → 200",
)
COPY = Kind(
    "document-copy",
    "info",
    "与 {other} 是同一份文件（相似度 {likeness}），记为它的另一来源",
    "The same document as {other} (resemblance {likeness}); kept as another source of it",
    "无需处理",
    "Nothing to do",
    "转载",
)
NUMBER_ELSEWHERE = Kind(
    "number-elsewhere",
    "error",
    "与 {other} 的发文字号相同，但正文不同（相似度 {likeness}），未采用",
    "It has the number of {other} but a different text (resemblance {likeness}); it was not used",
    "请核对哪一页写错了文号；确认采用时，请保存页面后用 qingdan import 导入",
    "Find out which page is wrong; to use this one, save it and use qingdan import",
    "鞍政发〔2015〕34号",
)
TABLE_NOT_USED = Kind(
    "attachment-not-taken",
    "info",
    "附件中的表格不属于 tables 所列的任何数据集",
    "The table of the attachment belongs to none of the datasets in tables",
    "如有需要，请在 sources.toml 的 tables 中写明它的数据集，并添加报送部门",
    "If it is needed, name its dataset in tables of sources.toml and add its part",
    "附件1.xlsx",
)
NOT_STAGED = Kind(
    "attachment-not-staged",
    "warning",
    "附件中的表格未写入草稿：{because}",
    "The table of the attachment was not written to the draft: {because_en}",
    "请添加它的报送部门，或保存后用 qingdan import 指定部门导入",
    "Add its part, or save the file and import it with --part",
    "附件1.xlsx",
)
ATTACHMENTS_CUT = Kind(
    "attachments-cut",
    "warning",
    "该网页链接了{count}个文件，只获取了前{most}个",
    "The page links to {count} files; the first {most} were fetched",
    "请核对该网页是否为一份文件；如确有这么多附件，其余请另行导入",
    "Check whether the page is one document; if it really has so many, import the rest by hand",
    "1200",
)
SCANNED = Kind(
    "pdf-scanned",
    "warning",
    "这份 {form} 是扫描件，{pages}页中没有可读取的文字",
    "The {form} is scanned: none of its {pages} pages contains text",
    "请向公布机关获取可复制文字的版本，或人工录入",
    "Request a version with text from the publishing body, or enter it by hand",
    "附件.pdf",
)
PAGES_SCANNED = Kind(
    "pdf-pages-scanned",
    "warning",
    "PDF 的第{pages}页是图片，没有可读取的文字，未收入正文",
    "Page {pages} of the PDF is a picture without text, and was not read",
    "请人工录入这些页，或向公布机关获取可复制文字的版本",
    "Enter these pages by hand, or request a version with text from the publishing body",
    "附件.pdf",
)
PDF_TABLES = Kind(
    "pdf-tables",
    "warning",
    "PDF 的第{pages}页有表格，文字按行收入正文，未还原为表格",
    "Page {pages} of the PDF contains a ruled table; its text was read line by line and not as a table",
    "请对照原件核对；需要表格时，请获取 Excel 或 Word 版本",
    "Check it against the original; request the Excel or Word version where a table is needed",
    "附件.pdf",
)
DRAFT_HELD = Kind(
    "draft-held",
    "warning",
    "草稿中有其他人导入的内容，未自动发布",
    "The draft contains imports by somebody else; it was not published automatically",
    "请核对草稿后用 qingdan publish 发布",
    "Review the draft and use qingdan publish",
    "qingdan import 之后的采集",
)
PERSONAL_HELD = Kind(
    "personal-held",
    "warning",
    "草稿中有{count}个文件可能含有个人信息，未自动发布。例如：{detail}",
    "{count} files of the draft seem to contain personal data, so it was not published. One is {detail}",
    "请核对草稿：属于个人信息的，在工作台略去该文件；然后用 qingdan publish 发布",
    "Review the draft: leave files with personal data out at the desk, then use qingdan publish",
    "https://www.example.gov.cn/d/1.html",
)
NOT_PUBLISHED = Kind(
    "not-published",
    "error",
    "采集已完成，但未自动发布：{because}",
    "Collected, but not published automatically: {because_en}",
    "请运行 qingdan draft diff {dataset} 查看，处理后用 qingdan publish 发布",
    "Run `qingdan draft diff {dataset}`, resolve it, then `qingdan publish`",
    "conflicts",
)

FETCH_KINDS = {
    kind.code: kind
    for kind in (
        *(ROBOTS, ROBOTS_UNKNOWN, REFUSED_HOST, REFUSED_ADDRESS, REFUSED_SCHEME, CERTIFICATE),
        *(UNREACHABLE, TIMEOUT, HOST_SILENT, REDIRECTS),
    )
}
SIGNS = {"etag": "ETag", "date": "修改时间", "length": "长度", "hash": "内容的哈希值", "status": "状态码"}
"""Sign by which a change was detected: English word → Chinese word."""
