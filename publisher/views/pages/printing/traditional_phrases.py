"""Words and characters whose traditional form differs from OpenCC's choice, for texts of law.

Forms are those of Taiwan's statutes and agencies where these have the word (占有, 復查, 公布), otherwise
those of its dictionaries. 发, 干, 里 and 签 have one form by default; words that have another are listed.
"""

from __future__ import annotations

from collections.abc import Mapping

_OF_WORDS = """
复议 復議 批复 批復 答复 答復 回复 回復 反复 反覆 复核 復核 复查 復查 复检 復檢 复验 復驗 复审 復審
往复 往復 审核 審核 核准 核准 核定 核定 核实 核實 核查 核查 核验 核驗 核发 核發 批准 批准 不准 不准
只准 只准 不予 不予 散布 散布 布告 布告 布置 佈置 布线 佈線 周期 周期 周边 周邊 周转 周轉 周岁 週歲
周年 週年 台安 台安 台州 台州 天台 天台 平台 平台 后台 後台 前台 前台 台账 台帳 台风 颱風 台湾 臺灣
台胞 臺胞 柜台 櫃檯 岫岩 岫岩 家具 家具 秘书 秘書 面粉 麵粉 面条 麵條 面包 麵包 面食 麵食 抚恤 撫恤
注明 注明 游览 遊覽 制定 制定 编制 編制 管制 管制 准予 准予 征收 徵收 只是 只是 回归 回歸 回流 回流
回音 回音 冲抵 沖抵 冲突 衝突 折合 折合 地方志 地方志 方志 方志 修志 修志 县志 縣志 汇演 匯演 汇集 匯集
并入 併入 并处 併處 并罚 併罰 合并 合併 兼并 兼併 吞并 吞併 皇后 皇后 太后 太后 占领 佔領 占据 佔據
系数 係數 开发型 開發型 稻谷 稻穀 山谷 山谷 河谷 河谷 峡谷 峽谷 里程碑 里程碑 里程表 里程表 准入 准入
回避 迴避 松绑 鬆綁 放松 放鬆 宽松 寬鬆 了解 了解 一目了然 一目瞭然
"""
_OF_TEXTS = """
干垃圾 乾垃圾 干混 乾混 干拌 乾拌 干式 乾式 干支流 幹支流 相冲突 相衝突 发卡行 發卡行 防御灾害 防禦災害
御灾 禦災 干散货 乾散貨 干湿 乾濕 疏干 疏乾 干打眼 乾打眼 天干地支 天干地支 哪里 哪裡 这里 這裡
那里 那裡 里应外合 裡應外合
"""
_HAIR = """
理发 美发 烫发 染发 头发 毛发 假发 护发 洗发 剪发 脱发 植发 银发 白发 黑发 须发 育发 发型 发廊 发胶 发饰
发质 发丝 发菜 发髻 发际 发夹 发油 发蜡 发屋 发艺
"""
_DRY = """
干净 干旱 干燥 烘干 干洗 干涸 沥干 晾干 晒干 吹干 擦干 风干 烤干 焙干 熬干 排干 抽干 干粉 干货 饼干 干果
干枯 干冰 干衣 干粮 干杯 肉干 豆干 干鲜 干化 干馏 脱干 干重 干电池 干法 干裂 干渴 干草 干菜 干料 干鱼
干尸 干贝 干酪 干脆 干瘪 干咳 干眼 包干 干扁 外强中干 干手 干热 干雾 控干 未干 半干 干物 干基 干熄
干物质
"""
_SHIELD = "干预 干涉 干扰 若干 相干 天干 江干区 比干 干犯 干戈 干政 不干 干系 干禄 干系人"
_INSIDE = """
里面 里边 里外 里间 里屋 里层 里衬 里子 表里 内里 家里 心里 夜里 城里 村里 手里 眼里 院里 屋里 水里 嘴里
心里 怀里 暗里 梦里 骨子里
"""
_SLIP = "标签 抽签 竹签 书签 牙签 签条 封签 图签 中签 求签 浮签 火签 题签 铅签"


def _pairs(text: str) -> Mapping[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


WORDS = _pairs(_OF_WORDS)
"""In a word of the cut → its form."""
TEXTS = _pairs(_OF_TEXTS)
"""In a text, whatever its cut → its form: the cut takes these apart."""
CHARACTERS: Mapping[str, tuple[str, Mapping[str, tuple[str, ...]]]] = {
    "发": ("發", {"髮": tuple(_HAIR.split())}),
    "干": ("幹", {"乾": tuple(_DRY.split()), "干": tuple(_SHIELD.split())}),
    "里": ("里", {"裡": tuple(_INSIDE.split())}),
    "签": ("簽", {"籤": tuple(_SLIP.split())}),
    "占": ("占", {}),
    "布": ("布", {}),
    "污": ("污", {}),
    "群": ("群", {}),
}
"""Character → its form, and other forms with the words that have them."""
