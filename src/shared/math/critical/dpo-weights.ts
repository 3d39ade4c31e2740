/**
 * What contrastive estimates become in a token-weighted DPO loss (Lin et al. 2025, arXiv 2411.19943). `released`: as
 * the authors' code has it, where chosen responses keep weight 1. `paper`: as the paper's formula has it. The two are
 * not equivalent.
 */
export type DpoForm = 'released' | 'paper'
/** Whether a response is the right one of a pair or the wrong one. */
export type DpoRole = 'chosen' | 'rejected'

/** The loss that weights of a form belong to; r_t is ln π(y_t) − ln π_ref(y_t), and γ is 0.1 in the released code. */
export const DPO_LOSSES: Readonly<Record<DpoForm, string>> = {
  released:
    'mean over positions t of −ln σ(γ·(r_t of chosen − w_t·r_t of rejected)), position by position on the padded batch',
  paper: '−ln σ(γ·Σ_t w_t·r_t of chosen − γ·Σ_t w_t·r_t of rejected)',
}

/**
 * Weights of a response's tokens, one each.
 *
 * @param estimates s_t of each token, its probability under the contrast: low where it is one of wrong responses.
 */
export function dpoWeights(
  estimates: readonly number[],
  {form, role}: {readonly form: DpoForm; readonly role: DpoRole}
): number[] {
  if (role === 'rejected') return estimates.map((estimate) => 1 - estimate)
  return form === 'released' ? estimates.map(() => 1) : [...estimates]
}
