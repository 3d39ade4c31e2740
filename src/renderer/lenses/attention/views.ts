export {GRAPH_VIEW} from '../../store/attention-graph-state.ts'
export {PRUNE_VIEW} from '../../store/attention-prune.ts'
export {LINES_VIEW, OVERVIEW_VIEW, TWO_HEADS_VIEW} from '../../store/attention-views.ts'

/** Every head with its statistics. */
export const HEADS_VIEW = 'heads'
/** What follows without and with a change inside the model. */
export const TEST_VIEW = 'test'
