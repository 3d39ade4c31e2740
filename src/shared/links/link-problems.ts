import {type Problem, ProblemError} from '../domain/problem.ts'

const AGAIN = 'Copy the link again where it comes from, and paste all of it.'
const start = (text: string) => `“${text.slice(0, 40)}${text.length > 40 ? '…' : ''}”`

/** Throws a Problem about a link; what is not said is said for all of them. */
export function refuse(problem: Omit<Problem, 'advice'> & {readonly advice?: string}): never {
  throw new ProblemError({advice: AGAIN, ...problem})
}

export function refuseText(text: string): never {
  return refuse({
    code: 'link-not-one',
    message: 'This is no link to a view of Tokenscope.',
    found: text === '' ? 'nothing' : start(text),
    expected: 'an address that ends in #v1. and more, or one that begins with tokenscope://open',
    advice: 'Choose “Copy link” in the window that shows the view, and paste what it copied.',
  })
}

export function refuseDamaged(found: string): never {
  return refuse({
    code: 'link-damaged',
    message: 'The link is not whole.',
    found,
    expected: 'the link as it was copied, from its first character to its last',
  })
}

export const megabytes = (count: number) => `${(count / 1e6).toFixed(1)} MB`
