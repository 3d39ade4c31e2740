import type {Tokenizer} from '../tokenizers/tokenizer.ts'

const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true})

/**
 * Which tokens may stand for another: ordinary ones whose text, encoded by itself, is exactly that token again. Part
 * of a character has no text, and of two tokens with the same text only one is ever encoded.
 */
export class SingleTokens {
  private readonly known = new Map<number, boolean>()

  constructor(
    private readonly tokenizer: Pick<Tokenizer, 'encode' | 'bytesOf' | 'isSpecial' | 'tokenCount'>
  ) {}

  get tokenCount(): number {
    return this.tokenizer.tokenCount
  }

  isSpecial(id: number): boolean {
    return this.tokenizer.isSpecial(id)
  }

  async has(id: number): Promise<boolean> {
    const known = this.known.get(id)
    if (known !== undefined) return known
    const isSingle = await this.comesBack(id)
    this.known.set(id, isSingle)
    return isSingle
  }

  private async comesBack(id: number): Promise<boolean> {
    const bytes = this.tokenizer.bytesOf(id)
    if (bytes.length === 0 || this.tokenizer.isSpecial(id)) return false
    let text: string
    try {
      text = decoder.decode(bytes)
    } catch {
      return false
    }
    const {parts} = await this.tokenizer.encode(text, {noSpecialTokens: true})
    return parts.length === 1 && parts[0]!.id === id
  }
}
