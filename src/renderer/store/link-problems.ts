import type {Problem} from '../../shared/domain/problem.ts'
import type {LinkModel} from '../../shared/links/link-data.ts'
import type {ModelListing} from './state.ts'

/** Why a link waits: its model is not among those that are known here. */
export function missingModelProblem(
  {id, sha256, file}: LinkModel,
  listings: readonly ModelListing[]
): Problem {
  const ids = [...new Set(listings.map((listing) => listing.id))]
  const shown = ids.slice(0, 6).join(', ')
  const more = ids.length > 6 ? ` and ${ids.length - 6} more` : ''
  return {
    code: 'link-model-missing',
    message: `The link needs the model “${id}”, which is not among the models here.`,
    field: `model ${id}${file === undefined ? '' : `, ${file}`}`,
    found: ids.length === 0 ? 'no model' : `${shown}${more}`,
    expected: `${id}${sha256 === null ? '' : ` with SHA-256 ${sha256.slice(0, 16)}…`}`,
    advice: `Open the folder of ${id}; then continue with the link. What is on the screen stays until then.`,
  }
}
