"""Questions with four options: sixteen a language, and sums made from numbers."""

from __future__ import annotations

import random
from dataclasses import dataclass

from ..errors import InputError
from ..reading.choices import check_options
from ..runs.letters import LETTERS, LettersRequest

MOST_OWN = 60


@dataclass(frozen=True)
class Item:
    """A question; ``right`` is the place of the right one of four options."""

    domain: str
    question: str
    options: tuple[str, ...]
    right: int


# Every letter is right four times in a language.
_ENGLISH = (
    ("general", "Which planet is closest to the Sun?", "Venus / Mercury / Mars / Jupiter", "B"),
    ("general", "What is the capital of France?", "Paris / Rome / Madrid / Berlin", "A"),
    ("general", "How many legs does a spider have?", "4 / 6 / 10 / 8", "D"),
    (
        "general",
        "Which gas do plants take in for photosynthesis?",
        "Oxygen / Nitrogen / Carbon dioxide / Helium",
        "C",
    ),
    ("general", "What is frozen water called?", "Steam / Ice / Sand / Smoke", "B"),
    ("general", "Which animal says meow?", "Dog / Cow / Cat / Duck", "C"),
    ("general", "What is 7 plus 5?", "12 / 10 / 13 / 11", "A"),
    ("general", "Who wrote Romeo and Juliet?", "Dickens / Tolstoy / Homer / Shakespeare", "D"),
    ("general", "Which organ pumps blood through the body?", "Heart / Liver / Lung / Skin", "A"),
    (
        "general",
        "Which language is mainly spoken in Brazil?",
        "Spanish / French / Portuguese / English",
        "C",
    ),
    ("general", "How many days are there in a leap year?", "364 / 365 / 367 / 366", "D"),
    (
        "general",
        "Which metal is liquid at room temperature?",
        "Iron / Mercury / Gold / Copper",
        "B",
    ),
    ("general", "What do bees make?", "Milk / Silk / Wool / Honey", "D"),
    ("general", "Which ocean is the largest?", "Pacific / Atlantic / Indian / Arctic", "A"),
    ("general", "What is the chemical symbol of water?", "CO2 / H2O / NaCl / O2", "B"),
    (
        "general",
        "In which season does snow usually fall?",
        "Summer / Spring / Winter / Autumn",
        "C",
    ),
)
_CHINESE = (
    ("档案学", "国际档案日是每年的哪一天？", "6月9日 / 4月23日 / 5月1日 / 12月25日", "A"),
    (
        "档案学",
        "档案整理中强调保持同一来源档案不可分散的原则称为什么？",
        "分类编目原则 / 来源原则 / 主题标引原则 / 最省力原则",
        "B",
    ),
    (
        "档案学",
        "下列哪一项国际标准专门规定档案著录的一般规则？",
        "ISBN / ISSN / ISAD(G) / HTML",
        "C",
    ),
    (
        "档案学",
        "全宗是指什么？",
        "一本书的全部页码 / 一个数据库的全部字段 / 一所图书馆的全部读者"
        " / 一个形成者形成的全部档案的整体",
        "D",
    ),
    (
        "数据科学",
        "预测房屋价格这样的连续数值，通常属于哪类任务？",
        "聚类 / 回归 / 分词 / 排序",
        "B",
    ),
    (
        "数据科学",
        "K均值（K-means）算法属于哪一类方法？",
        "监督学习 / 强化学习 / 无监督聚类 / 符号推理",
        "C",
    ),
    ("数据科学", "一枚公平硬币的信息熵是多少比特？", "0比特 / 0.5比特 / 2比特 / 1比特", "D"),
    (
        "数据科学",
        "模型在训练集上误差很小而在新数据上误差很大，这种现象称为什么？",
        "过拟合 / 欠拟合 / 归一化 / 降维",
        "A",
    ),
    ("图书馆学", "提出“图书馆学五定律”的学者是谁？", "杜威 / 牛顿 / 阮冈纳赞 / 达尔文", "C"),
    ("图书馆学", "杜威十进分类法把知识分为多少个大类？", "5 / 8 / 22 / 10", "D"),
    ("图书馆学", "ISBN是哪种资源的国际标准编号？", "图书 / 期刊 / 唱片 / 专利", "A"),
    ("图书馆学", "世界读书日是每年的哪一天？", "3月8日 / 4月23日 / 6月9日 / 10月1日", "B"),
    (
        "信息学",
        "某作者的h指数为10，表示至少有几篇论文各被引用不少于10次？",
        "1篇 / 5篇 / 100篇 / 10篇",
        "D",
    ),
    (
        "信息学",
        "检索出的相关文献数与检索出的全部文献数之比称为什么？",
        "查准率 / 查全率 / 漏检率 / 引用率",
        "A",
    ),
    (
        "信息学",
        "描述词频与词频排名之间关系的定律是哪一个？",
        "摩尔定律 / 齐普夫定律 / 布拉德福定律 / 欧姆定律",
        "B",
    ),
    ("信息学", "提出信息熵概念的科学家是谁？", "图灵 / 爱因斯坦 / 香农 / 居里夫人", "C"),
)


def items_of(request: LettersRequest) -> list[list[Item]]:
    """Return the questions that are asked for: English ones, then Chinese ones.

    Raises:
        InputError: an own one is no question with four options, or there is none at all.
    """
    english, chinese = [], []
    if request.questions == "general":
        english, chinese = (list(map(_written, each)) for each in (_ENGLISH, _CHINESE))
    elif request.questions == "sums":
        english, chinese = (
            _sums(request.seed, "What is {} plus {}?"),
            _sums(request.seed, "{}加{}等于多少？"),
        )
    found = [
        english if request.language != "中文" else [],
        chinese if request.language != "English" else [],
    ]
    if len(request.own) > MOST_OWN:
        raise InputError(f"There are {len(request.own)} own questions; give at most {MOST_OWN}.")
    found[0] += [_own(number, row) for number, row in enumerate(request.own, 1)]
    if not any(found):
        raise InputError("There is no question; write own ones or choose a set.")
    return found


def _written(row: tuple[str, str, str, str]) -> Item:
    domain, question, options, right = row
    return Item(domain, question, tuple(options.split(" / ")), LETTERS.index(right))


def _sums(seed: int, words: str) -> list[Item]:
    """Return 16 sums whose right answer is made, every letter right four times."""
    draw = random.Random(seed)  # noqa: S311
    found = []
    for place in range(16):
        a, b = draw.randint(5, 9), draw.randint(5, 9)
        wrong = draw.sample([a + b - 2, a + b - 1, a + b + 1, a + b + 2], 3)
        right = (place * 5 + place // 4) % 4
        options = [*wrong[:right], a + b, *wrong[right:]]
        found.append(Item("sums", words.format(a, b), tuple(map(str, options)), right))
    return found


def _own(number: int, row: str) -> Item:
    parts = [each.strip() for each in row.split("|")]
    if len(parts) != 6 or not parts[0] or parts[5].upper() not in LETTERS or not parts[5]:
        raise InputError(
            f"Own question {number} is not: question | four options | the right letter."
        )
    check_options(parts[1:5], 4, 4, what=f"options of question {number}", apart=True)
    return Item("own", parts[0], tuple(parts[1:5]), LETTERS.index(parts[5].upper()))
