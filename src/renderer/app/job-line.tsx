import type {Problem} from '../../shared/domain/problem.ts'
import {formatCount, formatMany} from '../../shared/figures/number-format.ts'
import {useActions, useWorkbenchState} from '../lenses/use-workbench.ts'
import {selectRunningAttribution} from '../store/attribution.ts'
import {selectRunningCritical} from '../store/critical.ts'
import {LIST_VIEW, selectPane} from '../store/panes.ts'
import {selectActiveRun, selectRunning} from '../store/run-records.ts'
import {selectRunData} from '../store/selectors.ts'
import {Button} from '../ui/button.tsx'
import {
  attributionJobOf,
  comparisonJobOf,
  criticalJobOf,
  datasetJobOf,
  durationText,
  earlyStopText,
  type Job,
  jobOf,
  lastListText,
  listJobOf,
  loadJobOf,
  overviewJobOf,
  treeJobOf,
} from './jobs.ts'
import './job-line.css'

/** What runs now with its progress and a way to stop it; else what was done last. */
export function JobLine() {
  const actions = useActions()
  const {run, list, overview, loads, listings, notice, noticeAction, connection, isFinishing} =
    useWorkbenchState((state) => ({
      run: selectRunning(state),
      list: state.listJob,
      overview: state.overviewPhase,
      loads: state.loads,
      listings: state.listings,
      notice: state.notice,
      noticeAction: state.noticeAction,
      connection: state.connection,
      isFinishing: state.isFinishing,
    }))
  const {attributionJobs, criticalJobs, datasetJob, treePhases, draftComparison} =
    useWorkbenchState((state) => ({
      datasetJob: state.datasetJob,
      treePhases: state.treePhases,
      draftComparison: state.draftComparison,
      attributionJobs: state.attributionJobs,
      criticalJobs: state.criticalJobs,
    }))
  const attribution = selectRunningAttribution({attributionJobs})
  const critical = selectRunningCritical({criticalJobs})
  const jobs: Job[] = []
  for (const [path, stage] of Object.entries(loads)) {
    const name = listings.find((listing) => listing.path === path)?.id ?? path
    jobs.push(loadJobOf(name, stage, () => actions.cancelLoad(path)))
  }
  if (run) jobs.push(jobOf(run, () => actions.cancelRun(run.id)))
  if (list.kind === 'running') jobs.push(listJobOf(list, actions.cancelList))
  if (overview.kind === 'running') jobs.push(overviewJobOf(overview, actions.cancelOverview))
  if (attribution) {
    const {key, job, phase} = attribution
    jobs.push(attributionJobOf(job.method, phase, () => actions.cancelAttribution(key)))
  }
  if (critical) {
    const {key, phase} = critical
    jobs.push(criticalJobOf(phase, () => actions.cancelCritical(key)))
  }
  if (datasetJob.kind === 'running') jobs.push(datasetJobOf(datasetJob, actions.cancelDataset))
  for (const [slot, phase] of Object.entries(treePhases)) {
    if (phase.kind === 'growing') {
      jobs.push(treeJobOf(slot, phase, () => actions.cancelGrowing(slot)))
    }
  }
  if (draftComparison?.isRunning) {
    jobs.push(comparisonJobOf(draftComparison, actions.cancelComparison))
  }
  const [job] = jobs
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: the line is a landmark with a name.
    <footer className="job-line" aria-label="Jobs" data-testid="job-line">
      {job ? (
        <JobView job={job} more={jobs.length - 1} />
      ) : isFinishing ? (
        <FinishingView />
      ) : connection === 'connected' ? (
        <LastJob />
      ) : (
        <span>
          {connection === 'connecting' ? 'Connecting to the engine.' : 'The engine is away.'}
        </span>
      )}
      <span className="grow" />
      <span className="notice" role="status">
        {notice}
      </span>
      {noticeAction && (
        <Button
          look="edge"
          className="job-button"
          onPress={() => noticeAction.run()}
          testId="notice-action"
        >
          {noticeAction.title}
        </Button>
      )}
    </footer>
  )
}

function JobView({job, more}: {readonly job: Job; readonly more: number}) {
  const percent = job.fraction === null ? 0 : Math.round(job.fraction * 100)
  return (
    <>
      <span className="job-name">{job.name}</span>
      <span
        className="progress"
        role="progressbar"
        aria-label={job.name}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <span style={{width: `${percent}%`}} />
      </span>
      {/* Before the facts, whose width changes: what is aimed at must not move. */}
      <Button look="edge" className="job-button" onPress={job.cancel} testId="cancel">
        Cancel
      </Button>
      <span>{[...job.facts, ...(more > 0 ? [`${more} more`] : [])].join(' · ')}</span>
    </>
  )
}

/** A step of the model that has no place to be cancelled in: it is waited for, or ended hard. */
function FinishingView() {
  const {stopEngine} = useActions()
  return (
    <>
      <span>
        Cancelled. The model is still inside a step that cannot be interrupted; nothing waits for
        it.
      </span>
      <Button look="edge" className="job-button" onPress={() => void stopEngine()} testId="stop">
        Stop the engine
      </Button>
    </>
  )
}

/** What was done last of what the active pane shows. */
function LastJob() {
  const {isList, listJob, total} = useWorkbenchState((state) => ({
    isList: selectPane(state, state.activePane).view === LIST_VIEW,
    listJob: state.listJob,
    total: state.listRows.length,
  }))
  if (!isList) return <IdleText />
  if (listJob.kind !== 'failed') {
    const text = lastListText(listJob, total)
    return (
      <span className="job-idle" data-hint={text}>
        {text}
      </span>
    )
  }
  return <FailedText problem={listJob.problem} />
}

function FailedText({problem}: {readonly problem: Problem}) {
  return (
    <>
      <span className="job-failed" aria-hidden="true">
        ✕
      </span>
      <span className="clip ink-1">{problem.message}</span>
      <span className="ink-3">code {problem.code}</span>
    </>
  )
}

function IdleText() {
  const {phase, tokenCount, generatedCount, stop, totalMs, connectedAfterMs} = useWorkbenchState(
    (state, {captures}) => {
      const run = selectActiveRun(state)
      const data = selectRunData(state, captures)
      return {
        phase: run?.phase,
        tokenCount: data?.tokens.length ?? 0,
        generatedCount: data ? data.tokens.length - data.promptTokenCount : 0,
        stop: data && earlyStopText(data),
        totalMs: data?.timing?.totalMs ?? null,
        connectedAfterMs: state.connectedAfterMs,
      }
    }
  )
  if (phase?.kind === 'failed') {
    return <FailedText problem={phase.problem} />
  }
  if (!phase || tokenCount === 0) {
    const time = connectedAfterMs === null ? '' : ` Connected in ${durationText(connectedAfterMs)}.`
    return <span>Ready.{time}</span>
  }
  const counts = formatMany(tokenCount, 'token')
  const generated = generatedCount > 0 ? `, ${formatCount(generatedCount)} of them generated` : ''
  const time = totalMs === null ? '' : `, in ${durationText(totalMs)}`
  const cancelled = phase.kind === 'cancelled' ? 'Cancelled: ' : ''
  return (
    <span
      className="job-idle"
      data-hint={`${cancelled}${counts}${generated}${stop ? `, ${stop}` : ''}${time}.`}
    >
      {cancelled}
      {counts}
      {generated}
      {stop && `, ${stop}`}
      {time}. <span className="job-aside">Temperature and top-p need no new run. </span>Nothing is
      running.
    </span>
  )
}
