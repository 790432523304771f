"""Columns that are personal in every list, whatever its catalogue: their values are discarded on import."""

from __future__ import annotations

from msgspec import structs

from schemas.definition.catalogue import Catalogue, Field
from schemas.normalise import heading_key

_IDENTITY = (
    *("身份证", "身份证号", "身份证号码", "身份证件号", "身份证件号码", "公民身份号码", "公民身份证号码"),
    *("证件号", "证件号码", "有效证件号码", "护照号", "护照号码", "社会保障号码", "社保号", "社保卡号"),
    *("法定代表人身份证号", "法定代表人证件号码", "经办人身份证号", "经办人证件号码", "联系人身份证号"),
)
_CONTACT = (
    *("手机", "手机号", "手机号码", "手机电话", "联系手机", "移动电话", "移动电话号码", "个人电话"),
    *("电话（个人）", "联系电话（个人）", "个人联系电话", "本人电话", "家庭电话", "住宅电话", "宅电"),
    *("经办人手机", "经办人电话", "联系人手机", "联系人电话", "联系人手机号码", "填报人电话", "填表人电话"),
    *("个人邮箱", "邮箱（个人）", "个人电子邮箱", "微信", "微信号", "QQ", "QQ 号", "QQ 号码"),
)
_ADDRESS = (
    *("住址", "家庭住址", "家庭地址", "居住地址", "现住址", "现居住地", "户籍地址", "户籍所在地"),
    *("个人地址", "个人住址", "常住地址", "户口所在地"),
)
_ACCOUNT = ("银行卡号", "银行卡", "银行账号", "银行账户", "个人账号", "开户账号", "收款账号")
_PERSON = ("出生日期", "出生年月", "出生年月日", "性别", "民族", "婚姻状况", "政治面貌")


def with_personal_columns(catalogue: Catalogue) -> Catalogue:
    """Return the catalogue with a personal field for these headings, but for those that it uses itself."""
    used = {heading_key(t) for f in catalogue.fields for t in (f.title, *f.aliases, f.name)}
    used |= {heading_key(text) for text in catalogue.ignored}
    aliases = tuple(
        text
        for text in (*_IDENTITY, *_CONTACT, *_ADDRESS, *_ACCOUNT, *_PERSON)
        if heading_key(text) not in used
    )
    field = Field("personal_columns", "个人信息", "Personal data", aliases=aliases, personal=True)
    return structs.replace(catalogue, fields=(*catalogue.fields, field))
