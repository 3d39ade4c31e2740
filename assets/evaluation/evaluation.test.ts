import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {z} from 'zod'

/** The sets are read here with parsers of their own, which know the texts and nothing of the generator. */

const span = z.tuple([z.int().nonnegative(), z.int().positive()])
const step = z.strictObject({
  before: z.int(),
  operation: z.enum(['add', 'subtract']),
  number: z.int().positive(),
  after: z.int().nonnegative(),
})
const entrySchema = z.strictObject({
  id: z.string(),
  skill: z.string(),
  kind: z.string(),
  prompt: z.string().min(1),
  answer: z.string().min(1),
  causes: z.array(span).min(1),
  copies: z.array(span).optional(),
  pointers: z.array(span).optional(),
  walls: z.array(span).optional(),
  among: z.array(z.string()).optional(),
  changed: z.strictObject({prompt: z.string(), answer: z.string()}).optional(),
  worked: z.string().optional(),
  start: z.int().positive().optional(),
  steps: z.array(step).optional(),
})
type Entry = z.infer<typeof entrySchema>

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.jsonl'))
const sets = new Map(
  files.map((name): [string, Entry[]] => {
    const lines = readFileSync(join(import.meta.dirname, name), 'utf8')
      .trimEnd()
      .split('\n')
    return [name.replace('.jsonl', ''), lines.map((line) => entrySchema.parse(JSON.parse(line)))]
  })
)
const entriesOf = (name: string) => sets.get(name)!

/** The text of byte spans; throws where a span cuts a character. */
function textsOf({prompt}: Entry, spans: readonly (readonly [number, number])[] = []): string[] {
  const bytes = Buffer.from(prompt, 'utf8')
  const decoder = new TextDecoder('utf-8', {fatal: true})
  return spans.map(([start, end]) => decoder.decode(bytes.subarray(start, end)))
}

const causesOf = (entry: Entry) => textsOf(entry, entry.causes)
/** Where a span begins, in UTF-16 units of the prompt. */
const placeOf = ({prompt}: Entry, [start]: readonly [number, number]) =>
  Buffer.from(prompt, 'utf8').subarray(0, start).toString('utf8').length
const places = (entry: Entry) => entry.causes.map((one) => placeOf(entry, one))
const kindsOf = (name: string) => {
  const counts: Record<string, number> = {}
  for (const {kind} of entriesOf(name)) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

describe.each([...sets])('%s', (name, entries) => {
  it('has a hundred prompts, each once, with ids in order', () => {
    expect(entries.map(({id}) => id)).toEqual(
      Array.from({length: 100}, (_, number) => `${name}-${String(number).padStart(3, '0')}`)
    )
    expect(new Set(entries.map(({prompt}) => prompt)).size).toBe(100)
  })

  it('has spans in order, within the prompt, around whole characters without white space', () => {
    for (const entry of entries) {
      for (const spans of [entry.causes, entry.copies, entry.pointers, entry.walls]) {
        if (!spans) continue
        const starts = spans.map(([start]) => start)
        expect(starts).toEqual([...starts].sort((a, b) => a - b))
        for (const [start, end] of spans) {
          expect(end).toBeGreaterThan(start)
          expect(end).toBeLessThanOrEqual(Buffer.byteLength(entry.prompt))
        }
        for (const text of textsOf(entry, spans)) expect(text).toBe(text.trim())
      }
    }
  })

  it('ends before its answer, which begins with the space that the prompt does not end with', () => {
    for (const {prompt, answer, among} of entries) {
      const isNumber = name === 'sums' || name === 'word-problems'
      expect(answer).toMatch(isNumber ? /^\d+$/u : /^ \S/u)
      expect(prompt.endsWith(' ')).toBe(name === 'sums')
      if (among) expect(among).toContain(answer)
    }
  })
})

it('there are ten sets', () => {
  expect([...sets.keys()].sort()).toEqual(
    'brackets code key-values mazes names scripts sequences stories sums word-problems'.split(' ')
  )
})

it('sequences repeat: after the first word of the copy, and in its middle', () => {
  expect(kindsOf('sequences')).toEqual({start: 50, middle: 50})
  for (const entry of entriesOf('sequences')) {
    const [head, ...words] = entry.prompt.split(' ')
    expect(head).toBe('words:')
    const first = words.findIndex((word, place) => words.indexOf(word) < place)
    // From the first word that comes again the text is a copy.
    expect(first).toBeGreaterThan(0)
    expect(words.slice(first)).toEqual(words.slice(0, words.length - first))
    const next = words.length - first
    expect(entry.answer).toBe(` ${words[next]}`)
    expect(entry.kind).toBe(next === 1 ? 'start' : 'middle')
    const wordPlaces = words.map(
      (_, place) => ['words:', ...words.slice(0, place), ''].join(' ').length
    )
    const [before, answer, last] = [wordPlaces[next - 1], wordPlaces[next], wordPlaces.at(-1)]
    if (next === 1) expect(places(entry)).toEqual([before, answer, last])
    else {
      expect(places(entry)).toEqual([answer])
      expect(entry.pointers!.map((one) => placeOf(entry, one))).toEqual([before, last])
      expect(textsOf(entry, entry.pointers)).toEqual([words[next - 1], words.at(-1)])
    }
    if (next > 1) expect(causesOf(entry)).toEqual([words[next]])
  }
})

/** Pairs of a list or a table as [key, value], and what is asked at its end. */
function readPairs(prompt: string): {
  pairs: [string, string][]
  asked: string
  isBackwards: boolean
} {
  if (prompt.startsWith('|')) {
    const rows = prompt.split('\n').map((row) => row.split('|').map((cell) => cell.trim()))
    const full = rows.slice(1, -1).map(([, key, value]): [string, string] => [key!, value!])
    return {pairs: full, asked: rows.at(-1)![1]!, isBackwards: false}
  }
  const [, list, rest] = /^[a-z ]+: (.+?)\.(.*)$/u.exec(prompt)!
  const pairs = list!.split(', ').map((pair) => pair.split(' = ') as [string, string])
  const [, asked, by] = /(?:^|\.) ([^.]+?) (=|of)$/u.exec(rest!)!
  return {pairs, asked: asked!, isBackwards: by === 'of'}
}

/** What a question about pairs is answered with. */
function lookUp(prompt: string): string {
  const {pairs, asked, isBackwards} = readPairs(prompt)
  const found = pairs.find((pair) => pair[isBackwards ? 1 : 0] === asked)
  return ` ${found![isBackwards ? 0 : 1]}`
}

it('key–values: the pair is in the list, and a changed value changes the answer', () => {
  for (const entry of entriesOf('key-values')) {
    const {asked, isBackwards} = readPairs(entry.prompt)
    expect(entry.answer).toBe(lookUp(entry.prompt))
    expect(entry.kind === 'reversed').toBe(isBackwards)
    const answer = entry.answer.trim()
    const inOrder = isBackwards ? [answer, asked, asked] : [asked, answer, asked]
    expect(causesOf(entry)).toEqual(inOrder)
    const joined = entry.prompt.slice(
      ...[places(entry)[0]!, places(entry)[1]! + inOrder[1]!.length]
    )
    const between = entry.prompt.startsWith('|') ? ' | ' : ' = '
    expect(joined).toBe(inOrder[0] + between + inOrder[1])
    // The last cause stands at the end, before the sign that asks.
    expect(entry.prompt.slice(places(entry)[2]! + asked.length)).toMatch(/^ (?:=|of|\|)$/u)
    expect(entry.changed!.answer).toBe(lookUp(entry.changed!.prompt))
    expect(differing(entry.prompt, entry.changed!.prompt)).toEqual([
      [answer, entry.changed!.answer.trim()],
    ])
    expect(entry.prompt.match(/\w+/gu)).not.toContain(entry.changed!.answer.trim())
  }
})

/** Words that stand at the same place in two texts and are not the same, without punctuation. */
function differing(one: string, other: string): [string, string][] {
  const [a, b] = [one, other].map((text) => text.split(/[^\p{L}\p{N}]+/u)) as [string[], string[]]
  expect(a.length).toBe(b.length)
  return a.flatMap((word, place): [string, string][] =>
    word === b[place] ? [] : [[word, b[place]!]]
  )
}

interface Fact {
  readonly person: string
  readonly verb: string
  readonly thing: string
}

/** Who visits and keeps what, before anything is asked, and the answer to what is asked at the end. */
function askPeople(prompt: string): {fact: Fact; answer: string; asked: string; question?: string} {
  const end = prompt.startsWith('pairs of people:') ? prompt.indexOf('.') : prompt.indexOf('\n')
  const facts = [...prompt.slice(0, end).matchAll(/(\w+) (visits|keeps) (\w+)/gu)].map(
    ([, person, verb, thing]): Fact => ({person: person!, verb: verb!, thing: thing!})
  )
  const backwards = /(\w+) of$/u.exec(prompt)?.[1]
  if (backwards) {
    const fact = facts.find(({thing}) => thing === backwards)!
    return {fact, answer: ` ${fact.person}`, asked: backwards}
  }
  const [, question, person, verb] = /(?:(\w+)\? )?(\w+) (visits|keeps)$/u.exec(prompt)!
  const fact = facts.find((one) => one.person === person && one.verb === verb)!
  return {fact, answer: ` ${fact.thing}`, asked: person!, question}
}

it('names: who visits and keeps what, asked in both directions', () => {
  for (const entry of entriesOf('names')) {
    const {fact, answer, asked, question} = askPeople(entry.prompt)
    expect(entry.answer).toBe(answer)
    const backwards = asked === fact.thing
    const kinds = {visits: ['where', 'who visits'], keeps: ['keeps', 'who keeps']}
    expect(entry.kind).toBe(kinds[fact.verb as 'visits'][backwards ? 1 : 0])
    expect(causesOf(entry)).toEqual([fact.person, fact.thing, asked])
    const [person, thing, last] = places(entry) as [number, number, number]
    expect(entry.prompt.slice(person, thing)).toBe(`${fact.person} ${fact.verb} `)
    expect(entry.prompt.slice(last)).toBe(backwards ? `${asked} of` : `${asked} ${fact.verb}`)
    expect(textsOf(entry, entry.copies)).toEqual(question ? [question] : [])
    if (question) expect(question).toBe(asked)
    expect(entry.changed!.answer).toBe(askPeople(entry.changed!.prompt).answer)
    expect(differing(entry.prompt, entry.changed!.prompt)).toEqual([
      [answer.trim(), entry.changed!.answer.trim()],
    ])
    expect(entry.prompt.match(/\w+/gu)).not.toContain(entry.changed!.answer.trim())
  }
})

const CLOSERS: Record<string, string> = {'(': ')', '[': ']', '{': '}', '<': '>', '“': '”', '«': '»'}

it('brackets: the one that was opened last closes, at depths one to four', () => {
  expect(kindsOf('brackets')).toEqual({'depth 1': 25, 'depth 2': 25, 'depth 3': 25, 'depth 4': 25})
  for (const entry of entriesOf('brackets')) {
    const opened: [string, number][] = []
    for (const {0: sign, index} of entry.prompt.matchAll(/\S+/gu)) {
      if (sign in CLOSERS) opened.push([sign, index])
      else if (Object.values(CLOSERS).includes(sign)) expect(CLOSERS[opened.pop()![0]]).toBe(sign)
    }
    const [sign, place] = opened.at(-1)!
    expect(entry.kind).toBe(`depth ${opened.length}`)
    expect(entry.answer).toBe(` ${CLOSERS[sign]}`)
    expect(causesOf(entry)).toEqual([sign])
    expect(places(entry)).toEqual([place])
    expect([...entry.among!].sort()).toEqual(
      Object.values(CLOSERS)
        .map((one) => ` ${one}`)
        .sort()
    )
  }
})

it('sums: by arithmetic, and not asked before in the same text', () => {
  for (const entry of entriesOf('sums')) {
    const {
      0: open,
      1: first,
      2: sign,
      3: second,
      index,
    } = /(\d+) ([+-]) (\d+) = $/u.exec(entry.prompt)!
    const value = sign === '+' ? Number(first) + Number(second) : Number(first) - Number(second)
    expect(entry.answer).toBe(String(value))
    expect(entry.kind).toBe(sign === '+' ? 'sum' : 'difference')
    expect(causesOf(entry)).toEqual([first, sign, second])
    expect(places(entry)).toEqual([index, index + first!.length + 1, index + first!.length + 3])
    expect(entry.prompt.indexOf(open)).toBe(index)
    for (const [, a, s, b, c] of entry.prompt.matchAll(/(\d+) ([+-]) (\d+) = (\d+)\./gu)) {
      expect(Number(c)).toBe(s === '+' ? Number(a) + Number(b) : Number(a) - Number(b))
    }
  }
})

it('stories: the place and the thing of a person, by the sentences about that person', () => {
  expect(kindsOf('stories')).toEqual({'story place': 50, 'story thing': 50})
  for (const entry of entriesOf('stories')) {
    const told =
      /(\w+) (?:goes|walks|rides) to (\w+)\. (?:She|He) (?:finds|sees|buys|paints) (\w+)\./gu
    const [, asked, where] = /In the end (\w+) is in(?: (\w+) and has)?$/u.exec(entry.prompt)!
    const one = [...entry.prompt.matchAll(told)].find(([, person]) => person === asked)!
    const [, person, town, thing] = one
    expect(entry.kind).toBe(where ? 'story thing' : 'story place')
    expect(entry.answer).toBe(` ${where ? thing : town}`)
    expect(causesOf(entry)).toEqual([person, where ? thing : town, asked])
    expect(places(entry)[0]).toBe(one.index)
    expect(places(entry)[2]).toBe(entry.prompt.lastIndexOf('In the end ') + 'In the end '.length)
    expect(textsOf(entry, entry.copies)).toEqual(where ? [town, where] : [])
  }
})

it('code: the value of a variable, and the item of a list', () => {
  expect(kindsOf('code')).toEqual({'code value': 60, 'code item': 40})
  for (const entry of entriesOf('code')) {
    const lines = entry.prompt.split('\n')
    const [, name, at] = /^> (\w+)(?: \[ (\d+) \])? =$/u.exec(lines.at(-1)!)!
    const asked = at === undefined ? [name] : [name, at]
    expect(lines.at(-2)).toBe(`print ${at === undefined ? name : `${name} [ ${at} ]`}`)
    const [, value] = lines.find((line) => line.startsWith(`${name} = `))!.split(' = ')
    const items = value!.replace(/^\[ | \]$/gu, '').split(' , ')
    const answer = at === undefined ? value! : items[Number(at)]!
    expect(entry.answer).toBe(` ${answer}`)
    expect(causesOf(entry)).toEqual([name, answer, ...asked])
    expect(places(entry)[0]).toBe(entry.prompt.indexOf(`\n${name} = `) + 1)
    // After what stands before the item in its list, if it is one.
    const before =
      at === undefined
        ? ''
        : ['[', ...items.slice(0, Number(at)).flatMap((item) => [item, ','])].join(' ')
    const line = entry.prompt.slice(places(entry)[0], places(entry)[1])
    expect(line.replaceAll(' ,', ' ,').trim()).toBe(`${name} = ${before}`.trim())
    expect(textsOf(entry, entry.copies)).toEqual(asked)
    expect(places(entry)[2]).toBe(entry.prompt.lastIndexOf('> ') + 2)
    expect(placeOf(entry, entry.copies![0]!)).toBe(entry.prompt.lastIndexOf('print ') + 6)
  }
})

/** A maze as it is drawn: cells by letter with their free neighbours, and where every sign stands. */
function readMaze(prompt: string) {
  const rows = prompt.split('\n').slice(1, 5)
  const signs = rows.map((row) => row.trim().split(' '))
  const rowStarts = rows.map((_, row) => prompt.split('\n', row + 1).join('\n').length + 1)
  const around = (row: number, column: number) =>
    [
      [row - 1, column],
      [row + 1, column],
      [row, column - 1],
      [row, column + 1],
    ].filter(([r, c]) => signs[r!]?.[c!] !== undefined) as [number, number][]
  const cells = new Map<string, {free: string[]; walls: number[]; place: number}>()
  signs.forEach((line, row) => {
    line.forEach((sign, column) => {
      if (sign === '#') return
      const beside = around(row, column)
      cells.set(sign, {
        free: beside.map(([r, c]) => signs[r]![c]!).filter((one) => one !== '#'),
        walls: beside
          .filter(([r, c]) => signs[r]![c] === '#')
          .map(([r, c]) => rowStarts[r]! + 1 + 2 * c)
          .sort((a, b) => a - b),
        place: rowStarts[row]! + 1 + 2 * column,
      })
    })
  })
  const {1: from, 2: to, 3: way, index} = /from (\w) to (\w):((?: \w)*)$/u.exec(prompt)!
  return {cells, from: from!, to: to!, way: way!.trim().split(' '), goalPlace: index + 10}
}

/** Every way from one cell to another that enters no cell twice. */
function ways(cells: ReturnType<typeof readMaze>['cells'], way: string[], to: string): string[][] {
  const here = way.at(-1)!
  if (here === to) return [way]
  return cells
    .get(here)!
    .free.filter((next) => !way.includes(next))
    .flatMap((next) => ways(cells, [...way, next], to))
}

it('mazes: the next cell in the middle of the only way', () => {
  expect(kindsOf('mazes')).toEqual({corridor: 60, fork: 40})
  for (const entry of entriesOf('mazes')) {
    const {cells, from, to, way, goalPlace} = readMaze(entry.prompt)
    const all = ways(cells, [from], to)
    expect(all).toHaveLength(1)
    expect(all[0]!.slice(0, way.length)).toEqual(way)
    const next = all[0]![way.length]!
    expect(entry.answer).toBe(` ${next}`)
    expect([from, to]).not.toContain(next)
    expect(way.length).toBeGreaterThan(1)
    const here = cells.get(way.at(-1)!)!
    const isFork = here.free.length > 2
    expect(entry.kind).toBe(isFork ? 'fork' : 'corridor')
    const end = entry.prompt.length
    const wanted = [cells.get(next)!.place, ...(isFork ? [goalPlace] : []), end - 1]
    expect(places(entry)).toEqual(wanted)
    expect(causesOf(entry)).toEqual([next, ...(isFork ? [to] : []), way.at(-1)])
    expect((entry.walls ?? []).map((one) => placeOf(entry, one))).toEqual(here.walls)
    // In a corridor the two cells beside it are where the way came from and where it goes.
    if (!isFork) expect([...here.free].sort()).toEqual([way.at(-2), next].sort())
  }
})

it('scripts: the string of a word, and the string at the same place of the line before', () => {
  expect(kindsOf('scripts')).toEqual({glossary: 50, line: 50})
  for (const entry of entriesOf('scripts')) {
    if (entry.kind === 'line') {
      const [first, second, ...more] = entry.prompt.split('\n')
      expect(more).toEqual([])
      const [line, copy] = [first!.split(' '), second!.split(' ')]
      expect(line.slice(0, copy.length)).toEqual(copy)
      expect(entry.answer).toBe(` ${line[copy.length]}`)
      expect(causesOf(entry)).toEqual([line[copy.length]])
      expect(places(entry)).toEqual([[...copy, ''].join(' ').length])
    } else {
      const [, list] = /^glossary: (.+?)\./u.exec(entry.prompt)!
      const pairs = new Map(list!.split(', ').map((pair) => pair.split(' = ') as [string, string]))
      const [, word] = /\. (\w+) =$/u.exec(entry.prompt)!
      expect(entry.answer).toBe(` ${pairs.get(word!)}`)
      expect(causesOf(entry)).toEqual([word, pairs.get(word!), word])
      expect(entry.prompt.slice(...[places(entry)[0]!, places(entry)[1]!])).toBe(`${word} = `)
    }
  }
})

interface Event {
  readonly operation: 'add' | 'subtract'
  readonly number: number
}
const [GAINS, LOSES] = [
  ['finds', 'buys', 'is given', 'is sent'],
  ['loses', 'sells', 'gives away', 'is robbed of'],
]

/** The asked count and what happens to it, and the sentences that say so. */
function readProblem(prompt: string): {start: number; events: Event[]; relevant: string[]} {
  const sentences = prompt.match(/[^.?]+[.?]/gu)!.map((one) => one.trim())
  const [, thing, person] = /^How many (\w+) has (\w+)\?$/u.exec(sentences.at(-1)!)!
  let start = 0
  const [events, relevant]: [Event[], string[]] = [[], []]
  for (const sentence of sentences.slice(0, -1)) {
    const [, number, what] = /(\d+) (\w+)/u.exec(sentence)!
    if (what !== thing) continue
    const owner = /^(\w+) has /u.exec(sentence)?.[1]
    const between =
      /^(?<from>\w+) gives (?<to>[A-Z]\w+) /u.exec(sentence) ??
      /^(?<to>\w+) gets .+ from (?<from>\w+)\.$/u.exec(sentence) ??
      /^(?<from>\w+) is robbed of .+ by (?<to>\w+)\.$/u.exec(sentence)
    const [, who, verb] = /^(\w+) (\D+?) \d/u.exec(sentence)!
    const isGain = between ? between.groups!.to === person : GAINS!.includes(verb!)
    const isAbout = between
      ? Object.values(between.groups!).includes(person!)
      : (owner ?? who) === person
    if (!isAbout) continue
    relevant.push(sentence)
    if (owner) start = Number(number)
    else {
      if (!between) expect([...GAINS!, ...LOSES!]).toContain(verb)
      events.push({operation: isGain ? 'add' : 'subtract', number: Number(number)})
    }
  }
  return {start, events, relevant: [...relevant, sentences.at(-1)!]}
}

/** The first wrong step of a worked answer by the README's rule: what is wrong, and at which step. */
function firstWrong(prompt: string, worked: string): {fault: string; step: number} | null {
  const {start, events} = readProblem(prompt)
  const left = [...events]
  let [running, rest, count] = [start, worked, 0]
  const number = '(0|[1-9][0-9]*)'
  const form = new RegExp(
    `^ (?:So|Then) we (\\w+)\\. ${number} ([+-]) ${number} = ${number}\\.(?: No: ${number}\\.)?`
  )
  for (let match = form.exec(rest); match; match = form.exec(rest)) {
    const [all, plan, before, sign, by, result, mended] = match as unknown as string[]
    const wrong = (fault: string) => ({fault, step: count})
    if (left.length === 0) return wrong('extra')
    if (!left.some(({operation}) => operation === plan)) return wrong('plan')
    if (Number(before) !== running) return wrong('start')
    if (sign !== (plan === 'add' ? '+' : '-')) return wrong('plan')
    const used = left.findIndex(({operation, number: n}) => operation === plan && n === Number(by))
    if (used < 0) return wrong(left[0]!.operation === plan ? 'number' : 'plan')
    const value = running + (sign === '+' ? Number(by) : -Number(by))
    if (Number(mended ?? result) !== value) return wrong('sum')
    left.splice(used, 1)
    running = value
    count += 1
    rest = rest.slice(all!.length)
  }
  const answer = /^ Answer: (0|[1-9][0-9]*)\.$/u.exec(rest)?.[1]
  if (answer === undefined) return {fault: 'unparsed', step: count}
  if (left.length > 0) return {fault: 'missing', step: count}
  return Number(answer) === running ? null : {fault: 'answer', step: count}
}

describe('word problems', () => {
  it('start, steps and answer follow from the sentences, which are the causes', () => {
    for (const entry of entriesOf('word-problems')) {
      const {start, events, relevant} = readProblem(entry.prompt)
      expect(entry.start).toBe(start)
      expect(entry.kind).toBe(`${events.length} steps`)
      expect(entry.steps!.map(({operation, number}) => ({operation, number}))).toEqual(events)
      let running = start
      for (const one of entry.steps!) {
        expect(one.before).toBe(running)
        running += one.operation === 'add' ? one.number : -one.number
        expect(one.after).toBe(running)
      }
      expect(entry.answer).toBe(String(running))
      expect(causesOf(entry)).toEqual(relevant)
    }
  })

  it('worked answers have no wrong step, some after a correction', () => {
    const entries = entriesOf('word-problems')
    for (const {prompt, worked} of entries) expect(firstWrong(prompt, worked!)).toBeNull()
    const corrected = entries.filter(({worked}) => worked!.includes(' No: '))
    expect(corrected.length).toBeGreaterThan(5)
    expect(corrected.length).toBeLessThan(25)
    for (const {prompt, worked} of corrected) {
      // The same, had the correction not been made, or made to something wrong.
      const slip = / (\d+)\. No: \d+\./u.exec(worked!)!
      const kept = worked!.replace(slip[0], ` ${slip[1]}.`)
      expect(firstWrong(prompt, kept)?.fault).toBe('sum')
      expect(firstWrong(prompt, worked!.replace(/No: \d+\./u, 'No: 999.'))?.fault).toBe('sum')
    }
  })

  it('what is done to a worked answer is found as its first wrong step', () => {
    for (const {prompt, worked, steps, answer} of entriesOf('word-problems')) {
      const last = steps!.length - 1
      expect(
        firstWrong(prompt, worked!.replace(/ Answer: \d+/u, ` Answer: ${Number(answer) + 1}`))
      ).toEqual({fault: 'answer', step: last + 1})
      expect(
        firstWrong(
          prompt,
          worked!.replace(
            ' Answer:',
            ` Then we add. ${answer} + 1 = ${Number(answer) + 1}. Answer:`
          )
        )
      ).toEqual({fault: 'extra', step: last + 1})
      expect(firstWrong(prompt, ` Answer: ${answer}.`)).toEqual({fault: 'missing', step: 0})
      expect(firstWrong(prompt, worked!.replace(/ Answer:.*$/u, ''))).toEqual({
        fault: 'unparsed',
        step: last + 1,
      })
      expect(firstWrong(prompt, worked!.replace(/ we \w+\./u, ' we multiply.'))).toEqual({
        fault: 'plan',
        step: 0,
      })
      expect(
        firstWrong(
          prompt,
          worked!.replace(/\. (\d+) /u, (_, before) => `. ${Number(before) + 1} `)
        )
      ).toEqual({fault: 'start', step: 0})
    }
  })
})
