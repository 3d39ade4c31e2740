/** A text to compare tokenizers on. */
export interface TextSample {
  readonly id: string
  readonly title: string
  /** What is to be seen in it, in a few words. */
  readonly note: string
  readonly text: string
}

/** Texts of our own, each hard in its way. Invisible characters are written as escapes. */
export const TEXT_SAMPLES: readonly TextSample[] = [
  {
    id: 'mixed',
    title: 'A bit of everything',
    note: 'accents, digits, emoji, three scripts',
    text: 'Mira’s café sold 12480 lamps in July, naïvely priced at ¥350 🪔 each.\nTom counted: 東京 3, Zürich 17, नमस्ते 4; lamps 8.',
  },
  {
    id: 'languages',
    title: 'One sentence, many languages',
    note: 'the same bill in twelve scripts and more',
    text: [
      'Water boils at one hundred degrees.',
      'Wasser kocht bei hundert Grad.',
      'L’eau bout à cent degrés.',
      'Woda wrze w stu stopniach.',
      'Вода кипит при ста градусах.',
      'Το νερό βράζει στους εκατό βαθμούς.',
      'Su yüz derecede kaynar.',
      'יותר ממאה מעלות לא צריך כדי להרתיח מים.',
      'يغلي الماء عند مئة درجة.',
      'पानी सौ डिग्री पर उबलता है।',
      'น้ำเดือดที่หนึ่งร้อยองศา',
      '水は百度で沸騰する。',
      '물은 백 도에서 끓는다.',
      '水在一百度沸腾。',
    ].join('\n'),
  },
  {
    id: 'code',
    title: 'Code',
    note: 'indents, operators, names in camel and snake case',
    text: 'def mean_of(values: list[float]) -> float:\n    """Mean; 0.0 where there is nothing."""\n    if not values:\n        return 0.0\n    return sum(values) / len(values)\n\n\tconst isOpen = rows.some(({state}) => state !== "closed") // 0x1F\n',
  },
  {
    id: 'numbers',
    title: 'Numbers',
    note: 'where digits are cut',
    text: '12345678+23456789=35802467\n1 12 123 1234 12345 123456 1234567\n3.14159 1,234,567.89 1e-9 0xFF 2026-11-30 192.168.0.1\n',
  },
  {
    id: 'emoji',
    title: 'Emoji',
    note: 'one glyph, many bytes',
    text: '😀 🤷🏽‍♀️ 👩‍💻 🏳️‍🌈 🇳🇵 👨‍👩‍👧‍👦 ❤️ 1️⃣\n',
  },
  {
    id: 'one-space',
    title: 'One space',
    note: 'a word with a space before it and without',
    text: ' SolidGoldMagikarp\nSolidGoldMagikarp',
  },
  {
    id: 'bill',
    title: 'The same, six times the bill',
    note: 'one word of Burmese, one glyph',
    text: 'မြန်မာဘာသာ\n🤷🏽‍♀️',
  },
  {
    id: 'invisible',
    title: 'Invisible characters',
    note: 'zero width, direction marks, a byte order mark',
    text: '\ufeffpass\u200bword, a\u00adble, \u202egnp.exe\u202c, x\u2060y, user\u2066\u2069@home, no\u00a0break, e\u0301\n',
  },
]

export function textSampleOf(id: string): TextSample | null {
  return TEXT_SAMPLES.find((sample) => sample.id === id) ?? null
}
