"""What collecting from a site can find, one kind each; as in :mod:`publisher.ingest.findings.tables`."""

from __future__ import annotations

from publisher.ingest.findings.kind import Kind

ROBOTS = Kind(
    "robots",
    "warning",
    "网站的 robots.txt 不允许访问这个地址，没有访问",
    "The site's robots.txt does not allow this address; it was not asked",
    "请与该网站协商，或从 sources.toml 去掉这个地址",
    "Agree with the site, or take the address out of sources.toml",
    "Disallow: /gk/",
)
ROBOTS_UNKNOWN = Kind(
    "robots-unknown",
    "warning",
    "取不到网站的 robots.txt，按不允许处理：{detail}",
    "The site's robots.txt cannot be had, so nothing is asked: {detail}",
    "过一会儿再采集；一直如此请告知该网站",
    "Collect again later; tell the site if it goes on",
    "503",
)
REFUSED_HOST = Kind(
    "refused-host",
    "warning",
    "主机不在 hosts 名单里，没有访问：{detail}",
    "The host is not among the source's hosts and was not asked: {detail}",
    "确认是官方网站后，加入 sources.toml 的 hosts；镜像和被劫持的网站不要加",
    "Add it to hosts in sources.toml once you know that it is official; never a mirror",
    "mirror.example",
)
REFUSED_ADDRESS = Kind(
    "refused-address",
    "error",
    "域名或跳转指向了内部地址，已拒绝访问：{detail}",
    "The name or a redirect leads to an internal address and was refused: {detail}",
    "请核对域名解析；网站可能被劫持",
    "Check the name's resolution; the site may be hijacked",
    "www.example.gov.cn → 10.0.0.1",
)
REFUSED_SCHEME = Kind(
    "refused-scheme",
    "warning",
    "不是可以访问的网址：{detail}",
    "Not an address that can be asked: {detail}",
    "请核对链接",
    "Check the link",
    "ftp://…",
)
CERTIFICATE = Kind(
    "certificate",
    "error",
    "网站的证书无效，没有读取：{detail}",
    "The site's certificate is not valid and nothing was read: {detail}",
    "请告知该网站更新证书；自建的根证书请装进本机的信任列表",
    "Tell the site; a root of your own belongs in this machine's list of trusted roots",
    "certificate has expired",
)
UNREACHABLE = Kind(
    "unreachable",
    "warning",
    "连不上：{detail}",
    "No connection: {detail}",
    "会在下一次采集时再试",
    "It is tried again at the next collection",
    "Connection refused",
)
TIMEOUT = Kind(
    "timeout",
    "warning",
    "在规定时间内没有答完：{detail}",
    "The answer did not end in time: {detail}",
    "会再试；一直如此可以在 sources.toml 放宽 timeout",
    "It is tried again; if it goes on, raise timeout in sources.toml",
    "> 30 s",
)
HOST_SILENT = Kind(
    "host-silent",
    "warning",
    "主机接连三页没有答复或说太忙，本次不再访问它，没有采的文件留到下一次：{detail}",
    "The host did not answer three pages in a row, or was too busy; the rest waits: {detail}",
    "过一会儿再采集；一直如此请告知该网站",
    "Collect again later; tell the site if it goes on",
    "www.example.gov.cn",
)
REDIRECTS = Kind(
    "too-many-redirects",
    "warning",
    "跳转次数太多：{detail}",
    "Too many redirects: {detail}",
    "请核对地址",
    "Check the address",
    "a → b → a → …",
)
STATUS = Kind(
    "answer-status",
    "warning",
    "网站答复 {status}，没有内容可读",
    "The site answered {status}; there is nothing to read",
    "会再试；一直如此请核对地址",
    "It is tried again; if it goes on, check the address",
    "403",
)
ANSWER_TOO_LARGE = Kind(
    "answer-too-large",
    "warning",
    "答复超过 {most} MiB，只留了开头作为凭据，没有读取",
    "The answer is larger than {most} MiB; its beginning was kept and it was not read",
    "需要时在 sources.toml 放宽 largest",
    "If it is wanted, raise largest in sources.toml",
    "100 MiB",
)
ANSWER_DAMAGED = Kind(
    "answer-damaged",
    "warning",
    "答复的压缩有问题，无法打开：{detail}",
    "The compression of the answer cannot be opened: {detail}",
    "会再试",
    "It is tried again",
    "Content-Encoding: br",
)
PAGE_ABSENT = Kind(
    "page-absent",
    "warning",
    "网站答复 200，给的却是“页面不存在”或首页，没有读取",
    "The site answered 200 with its page for what is not there, or its home page; it was not read",
    "请核对链接",
    "Check the link",
    "您访问的页面不存在",
)
LIST_EMPTY = Kind(
    "list-empty",
    "warning",
    "这个列表里没有找到文件的链接",
    "No link to a document was found in this list",
    "请核对 sources.toml 里的地址、hosts 和 documents；网站也许改版了",
    "Check the address, hosts and documents in sources.toml; the site may have been rebuilt",
    "列表由脚本生成",
)
LIST_FILES = Kind(
    "list-files",
    "info",
    "列表里有 {count} 个链接直接指向文件而不是网页，没有采",
    "{count} links of the list lead to files and not to pages; they were not followed",
    "其中有公文时，请下载后用 qingdan import 导入",
    "Where documents are among them, download and import them",
    "通知.pdf",
)
SOURCE_CHANGED = Kind(
    "source-changed",
    "warning",
    "这一页在来源网站上改过了（由{sign}发现），新旧两份都已留存",
    "The page was changed at its source (told by {sign_en}); both states are kept",
    "请核对改动；发布后会作为一次变更公布",
    "Look at the change; once published it is announced as one",
    "ETag",
)
SOURCE_VANISHED = Kind(
    "source-vanished",
    "warning",
    "这份文件从来源网站的这一页上消失了（由{sign}发现），已公布的内容不受影响，原页留存在凭据里",
    "The document is gone from this page of its source (told by {sign_en}); what is published stays, and the "
    "page is kept as evidence",
    "请核对该文件是否撤回或迁移",
    "Check whether the document was withdrawn or moved",
    "404",
)
SOURCE_RETURNED = Kind(
    "source-returned",
    "info",
    "消失过的这一页又可以访问了",
    "The page, once gone, is there again",
    "不需要处理",
    "Nothing to do",
    "404 → 200",
)
COPY = Kind(
    "document-copy",
    "info",
    "与 {other} 是同一份文件（相似度 {likeness}），记为它的又一个来源",
    "The same document as {other} (resemblance {likeness}); kept as a further source of it",
    "不需要处理",
    "Nothing to do",
    "转载",
)
NUMBER_ELSEWHERE = Kind(
    "number-elsewhere",
    "error",
    "与 {other} 的发文字号相同，正文却不同（相似度 {likeness}），没有采用",
    "It has the number of {other} and another text (resemblance {likeness}); it was not taken",
    "请核对哪一页写错了文号；确认采用时，请保存页面后用 qingdan import 导入",
    "Find out which page is wrong; to take this one, save it and use qingdan import",
    "鞍政发〔2015〕34号",
)
TABLE_NOT_TAKEN = Kind(
    "attachment-not-taken",
    "info",
    "附件里的表格不属于 tables 所列的任何数据集",
    "The table of the attachment fits none of the datasets in tables",
    "需要时在 sources.toml 的 tables 里写上它的数据集，并声明它的部门",
    "If it is wanted, name its dataset in tables of sources.toml, and declare its part",
    "附件1.xlsx",
)
NOT_STAGED = Kind(
    "attachment-not-staged",
    "warning",
    "附件里的表格没有进草稿：{because}",
    "The table of the attachment did not come into the draft: {because_en}",
    "请声明它的部门，或保存后用 qingdan import 指明部门导入",
    "Declare its part, or save the file and import it with --part",
    "附件1.xlsx",
)
ATTACHMENTS_CUT = Kind(
    "attachments-cut",
    "warning",
    "这一页链接了 {count} 个文件，只取了前 {most} 个",
    "The page links to {count} files; the first {most} were taken",
    "请核对这一页是不是一份文件；确有这么多附件时，其余的请另行导入",
    "Check whether the page is one document; if it really has so many, import the rest by hand",
    "1200",
)
SCANNED = Kind(
    "pdf-scanned",
    "warning",
    "这份 {form} 是扫描件，{pages} 页里没有文字可读",
    "The {form} is scanned: none of its {pages} pages holds text",
    "请向发布机关索取可以复制文字的版本，或人工录入",
    "Ask the office for a version with text, or type it in",
    "附件.pdf",
)
DRAFT_HELD = Kind(
    "draft-held",
    "warning",
    "草稿里还有别人导入的内容，没有自动发布",
    "The draft holds imports of somebody else; it was not published by itself",
    "请核对草稿后用 qingdan publish 发布",
    "Look at the draft and use qingdan publish",
    "qingdan import 之后的采集",
)
NOT_PUBLISHED = Kind(
    "not-published",
    "error",
    "没有自动发布：{because}",
    "It was not published by itself: {because_en}",
    "请按提示处理后用 qingdan publish 发布",
    "Do what it says and use qingdan publish",
    "conflicts",
)

OF_FETCHING = {
    kind.code: kind
    for kind in (
        *(ROBOTS, ROBOTS_UNKNOWN, REFUSED_HOST, REFUSED_ADDRESS, REFUSED_SCHEME, CERTIFICATE),
        *(UNREACHABLE, TIMEOUT, HOST_SILENT, REDIRECTS),
    )
}
SIGNS = {"etag": "ETag", "date": "修改时间", "length": "长度", "hash": "内容的散列值", "status": "状态码"}
"""By what a change was noticed, in Chinese; the English word is the key."""

KINDS: tuple[Kind, ...] = (
    *OF_FETCHING.values(),
    STATUS,
    ANSWER_TOO_LARGE,
    ANSWER_DAMAGED,
    PAGE_ABSENT,
    LIST_EMPTY,
    LIST_FILES,
    SOURCE_CHANGED,
    SOURCE_VANISHED,
    SOURCE_RETURNED,
    COPY,
    NUMBER_ELSEWHERE,
    TABLE_NOT_TAKEN,
    NOT_STAGED,
    ATTACHMENTS_CUT,
    SCANNED,
    DRAFT_HELD,
    NOT_PUBLISHED,
)
