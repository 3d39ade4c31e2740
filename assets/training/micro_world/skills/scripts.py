"""Mixed scripts: accents, emoji, several writing systems and directions, repeated or listed with a meaning.

Characters of many scripts are rare, so a byte-level tokenizer cuts them: tokens with parts of a character occur. The strings
are drawn letter by letter and mean nothing.
"""

from micro_world.page import inner
from micro_world.words import PLAIN

ACCENTED = """café crème naïve façade über señal jalón piñata órbita château forêt façon mañana kölve größe süß straße
żółw łąka čaj říčka ğül şeker çay ångel øre æble smør þorn ðal ñandú cœur cafe\u0301 nin\u0303o""".split()
EMOJI = """🙂 😀 🎉 🌍 🚀 🐟 🍎 ❤️ 👍 👍🏽 🤷🏽‍♀️ 👩‍🚀 👨‍👩‍👧 🏳️‍🌈 🧭 🔑 🪔 ⭐ ☔ 🎵""".split()
LETTERS = {
    "han": "東西南北山川田中木林森水火土日月石原野村町口手目心天空雨雪風花鳥魚馬竹金銀玉王古今新青赤白黒大小上下",
    "kana": "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん",
    "hangul": "가나다라마바사아자차카타파하고노도로모보소오조초코토포호구누두루무부수우주추쿠투푸후",
    "cyrillic": "абвгдежзиклмнопрстуфхцчшщыэюя",
    "greek": "αβγδεζηθικλμνξοπρστυφχψω",
    "arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "hebrew": "אבגדהוזחטיכלמנסעפצקרשת",
    "devanagari": ("का", "कि", "खी", "गु", "घे", "चो", "जा", "टी", "तु", "दे", "ना", "पि", "बा", "मी", "यु", "रे", "लो", "वा", "शि", "सा", "हु", "क्ष"),
    "thai": ("กา", "ขี", "คู", "งำ", "จะ", "ชื่", "ดี", "ตู", "นา", "ปี", "มือ", "ยา", "รู้", "ลำ", "วา", "สี", "หู"),
    "burmese": ("က", "ခါ", "ဂိ", "ငူ", "စေ", "ဆဲ", "ဇော", "ညံ့", "တို", "နား", "ပြ", "မွေ", "ယှ", "လျှ", "သာ", "ဟု"),
}
NAMES_OF_SCRIPTS = tuple(LETTERS)


def draw_string(choices):
    kind = choices.weighted(("script", "accent", "emoji"), (0.6, 0.2, 0.2))
    if kind == "accent":
        return choices.pick(ACCENTED)
    if kind == "emoji":
        return choices.pick(EMOJI)
    letters = LETTERS[choices.pick(NAMES_OF_SCRIPTS)]
    return "".join(choices.pick(letters) for _ in range(choices.between(1, 4)))


def write(choices, page, level):
    count = choices.between(2, 7)
    if choices.chance(0.5):
        keys = choices.distinct(PLAIN, count)
        strings, key_at, string_at = {}, {}, {}
        page.add("glossary:")
        for place, key in enumerate(keys):
            _, end = page.add((", " if place else " ") + key)
            key_at[key] = (end - len(key), end)
            page.add(" =")
            strings[key] = draw_string(choices)
            string_at[key] = inner(page.add(" " + strings[key]))
        page.add(".")
        for key in choices.shuffled(keys):
            start, _ = page.add(" " + key + " =")
            page.ask(" " + strings[key], "glossary", (key_at[key], string_at[key], (start + 1, start + 1 + len(key))))
            page.mark(" " + strings[key], "scripts")
            page.add(".")
    else:
        page.add("scripts:")
        line, string_at = [], []
        for _ in range(count):
            line.append(" " + draw_string(choices))
            string_at.append(inner(page.add(line[-1])))
        for again in range(2):
            if again and not choices.chance(0.5):
                return
            page.add("\nscripts:")
            for place, string in enumerate(line):
                # A third line has the second to copy from as well, and a string that comes twice stands there twice.
                if not again and place and line.count(string) == 1:
                    page.ask(string, "line", (string_at[place],))
                page.mark(string, "scripts")
