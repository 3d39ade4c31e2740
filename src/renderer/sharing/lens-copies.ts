import type {Captures} from '../store/captures.ts'
import type {WorkbenchState} from '../store/state.ts'

/** What a lens that has results of its own copies in place of the tokens that it was made from. */
export interface LensCopies {
  /** As menus name it: “Copy attribution as TSV”. */
  readonly noun: string
  /** Of the active pane; null before there is anything. */
  copiesOf(
    state: WorkbenchState,
    captures: Captures
  ): {
    /** The command that prints the same result. */
    command(): string
    tsv(): string
    json(): string
  } | null
}
