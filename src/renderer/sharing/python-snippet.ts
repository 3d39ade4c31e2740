import type {TokensResult} from '../../shared/lenses/tokens.ts'

/** A few lines of Python that load the exported `tokens.csv` as tables with named axes. */
export function pythonSnippet(result: Pick<TokensResult, 'model' | 'tracked'>): string {
  const {id, sha256} = result.model
  // A folder's name may hold anything; a comment ends with its line.
  const name = id.replace(/[^\x20-\x7e]/g, '?')
  const lines = [
    `# The tokens of ${name} (SHA-256 ${sha256.slice(0, 12)}), exported from Tokenscope as tokens.csv`,
    'import json',
    '',
    'import pandas as pd',
    '',
    'path = "tokens.csv"',
    'with open(path, encoding="utf-8") as file:',
    '    made = json.loads(file.readline()[1:])  # model, hash, request, versions',
    'rows = pd.read_csv(path, skiprows=1, keep_default_na=False, na_values=[""],',
    '                   dtype={"text": str, "bytesHex": str}, encoding="utf-8")',
    '',
    '# One row a token, by position; statistics in nats (logprob) and bits, empty at position 0.',
    'tokens = rows[rows["record"] == "token"].set_index("position")',
    'tokens = tokens.drop(columns=["record", "prob", "rawProb", "logit"])',
    '# What may follow, by token id.',
    'following = rows[rows["record"] == "next"].set_index("id")[["text", "prob", "rawProb"]]',
  ]
  if (result.tracked && result.tracked.length > 0) {
    lines.push(
      '# Followed tokens: positions down, token ids across.',
      'tracked = rows[rows["record"] == "tracked"].pivot(index="position", columns="id", values="prob")'
    )
  }
  lines.push('', 'print(tokens[["text", "surprisalBits", "rank"]])')
  return `${lines.join('\n')}\n`
}
