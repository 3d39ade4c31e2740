/** A text that several hold as their own so far, a node of a tree: texts that begin alike share what they begin with. */
export class SharedText {
  /** Those who hold it, or a text that it begins. */
  holderCount = 0
  /** Of the latest round that counted it. */
  stamp = 0
  private readonly children = new Map<number, SharedText>()
  private path: readonly number[] | null = null

  private constructor(
    readonly parent: SharedText | null,
    readonly token: number,
    readonly length: number
  ) {}

  /** The empty text. */
  static empty(): SharedText {
    return new SharedText(null, -1, 0)
  }

  /** This text and one more token. Nobody holds it yet. */
  with(token: number): SharedText {
    const known = this.children.get(token)
    if (known) return known
    const longer = new SharedText(this, token, this.length + 1)
    this.children.set(token, longer)
    return longer
  }

  /** This text and more tokens. */
  withAll(tokens: readonly number[]): SharedText {
    let text: SharedText = this
    for (const token of tokens) text = text.with(token)
    return text
  }

  hold(): void {
    for (let text: SharedText | null = this; text; text = text.parent) text.holderCount++
  }

  /** One holder goes; texts that nobody holds are forgotten. */
  release(): void {
    for (let text: SharedText | null = this; text; text = text.parent) {
      text.holderCount--
      if (text.holderCount === 0) text.parent?.children.delete(text.token)
    }
  }

  /** Its tokens; the same array however often it is asked for. */
  get tokens(): readonly number[] {
    if (this.path) return this.path
    const tokens = new Array<number>(this.length)
    for (let text: SharedText = this; text.parent; text = text.parent) {
      tokens[text.length - 1] = text.token
    }
    this.path = tokens
    return tokens
  }

  /** Tokens of this text that no text with this stamp begins with; they have the stamp from then on. */
  countNew(stamp: number): number {
    let count = 0
    for (let text: SharedText = this; text.parent && text.stamp !== stamp; text = text.parent) {
      text.stamp = stamp
      count++
    }
    return count
  }
}
