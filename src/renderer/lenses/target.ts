import type {RunId} from '../store/state.ts'

/** Things that commands can be done with, by what is needed to find them again. */
export interface Targets {
  readonly token: {readonly kind: 'token'; readonly runId: RunId; readonly position: number}
  /** A node of a run's tree, by its key. */
  readonly node: {readonly kind: 'node'; readonly runId: RunId; readonly key: string}
  readonly run: {readonly kind: 'run'; readonly runId: RunId}
  readonly model: {readonly kind: 'model'; readonly path: string}
  /** A token that may follow the one at `position`. */
  readonly candidate: {
    readonly kind: 'candidate'
    readonly runId: RunId
    readonly position: number
    readonly tokenId: number
    readonly prob: number | null
  }
  /** A number, or another value, with all its digits. */
  readonly value: {
    readonly kind: 'value'
    readonly name: string
    readonly exact: string
    /** Its entry in `shared/help/definitions.ts`. */
    readonly definition: string | null
  }
}
export type TargetKind = keyof Targets
export type TargetOf<Kind extends TargetKind> = Targets[Kind]
export type Target = TargetOf<TargetKind>

/** Attributes that make an element a target: right click and the menu key offer its commands. */
export function targetProps(target: Target): {readonly 'data-target': string} {
  return {'data-target': JSON.stringify(target)}
}

/** What an element says it is; null where it is not a target. */
export function readTarget(element: Element): Target | null {
  const text = element.getAttribute('data-target')
  if (!text) return null
  try {
    const target: unknown = JSON.parse(text)
    return typeof target === 'object' && target !== null && 'kind' in target
      ? (target as Target)
      : null
  } catch {
    return null
  }
}
