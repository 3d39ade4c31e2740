import {useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore} from 'react'
import type {LogLine} from '../../../shared/contract/contract.ts'
import {copyText} from '../../commands/copy-text.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {Button} from '../../ui/button.tsx'
import {Choice} from '../../ui/choice.tsx'
import {Dialog} from '../../ui/dialog.tsx'
import {diagnosticsText, type TaggedLine} from './diagnostics.ts'
import {pageLog} from './page-log.ts'
import '../sheets.css'

const LEVELS = ['info', 'warning', 'error'] as const
type Level = (typeof LEVELS)[number]
const LEVEL_OPTIONS = [
  {value: 'info', text: 'All'},
  {value: 'warning', text: 'Warnings and errors'},
  {value: 'error', text: 'Errors'},
] as const
/** More are in the copied diagnostics than can be read. */
const MOST_SHOWN = 1000

/** What engine and page did, live, and all of it to be sent with a report. */
export function LogDialog() {
  const {closeDialog} = useActions()
  const isOpen = useWorkbenchState((state) => state.dialog === 'log')
  return (
    <Dialog
      title="Log and diagnostics"
      isOpen={isOpen}
      onClose={closeDialog}
      widthPx={880}
      testId="log"
    >
      {isOpen && <LogBody />}
    </Dialog>
  )
}

/** The engine's lines so far and from now on; of the new engine after a restart. */
function useEngineLog(): readonly LogLine[] {
  const {client} = useWorkbench()
  const [lines, setLines] = useState<readonly LogLine[]>([])
  const connection = useWorkbenchState((state) => state.connection)
  useEffect(() => {
    if (connection !== 'connected') return
    const abort = new AbortController()
    const watch = async () => {
      let isFirst = true
      for await (const added of await client.engine.log(undefined, {signal: abort.signal})) {
        const known = isFirst
        isFirst = false
        setLines((before) => (known ? added : [...before, ...added]).slice(-MOST_SHOWN))
      }
    }
    // Lost connections end the stream; it is watched again with the next one.
    watch().catch(() => undefined)
    return () => abort.abort()
  }, [client, connection])
  return lines
}

function LogBody() {
  const workbench = useWorkbench()
  const engineLines = useEngineLog()
  const pageLines = useSyncExternalStore(pageLog.subscribe, pageLog.lines)
  const [level, setLevel] = useState<Level>('info')
  const [copied, setCopied] = useState('')
  const lines = useMemo(
    () =>
      [
        ...engineLines.map((line): TaggedLine => ({...line, from: 'engine'})),
        ...pageLines.map((line): TaggedLine => ({...line, from: 'page'})),
      ].sort((a, b) => a.at - b.at),
    [engineLines, pageLines]
  )
  const shown = lines.filter((line) => LEVELS.indexOf(line.level) >= LEVELS.indexOf(level))
  const copy = async () => {
    const text = diagnosticsText(workbench.store.getState(), lines, {
      userAgent: navigator.userAgent,
      widthPx: window.innerWidth,
      heightPx: window.innerHeight,
      pixelRatio: window.devicePixelRatio,
      isDesktop: workbench.host !== null,
    })
    await copyText(workbench, text, 'the diagnostics')
    setCopied(workbench.store.getState().notice ?? '')
  }
  return (
    <>
      <div className="sheet-search">
        <Choice label="Lines shown" value={level} options={LEVEL_OPTIONS} onChange={setLevel} />
        <span className="grow" />
        <span className="small ink-3" role="status">
          {copied}
        </span>
        <Button look="edge" onPress={() => void copy()} testId="copy-diagnostics">
          Copy diagnostics
        </Button>
      </div>
      <LogLines lines={shown} />
      <div className="dialog-foot small ink-3">
        Times, sizes, paths and codes of problems. Prompts and completions are not in it.
        <span className="grow" />
        {workbench.host && (
          <Button look="edge" onPress={() => workbench.host?.send({kind: 'show-crash-reports'})}>
            Show the crash reports
          </Button>
        )}
      </div>
    </>
  )
}

/** The newest line stays in sight while the end is in sight. */
function LogLines({lines}: {readonly lines: readonly TaggedLine[]}) {
  const ref = useRef<HTMLDivElement>(null)
  const isAtEnd = useRef(true)
  // biome-ignore lint/correctness/useExhaustiveDependencies: it follows what is added.
  useLayoutEffect(() => {
    const element = ref.current
    if (element && isAtEnd.current) element.scrollTop = element.scrollHeight
  }, [lines])
  return (
    <div
      ref={ref}
      className="log-lines"
      role="log"
      aria-label="Lines of the log"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      onScroll={({currentTarget: {scrollTop, clientHeight, scrollHeight}}) => {
        isAtEnd.current = scrollTop + clientHeight > scrollHeight - 8
      }}
    >
      {lines.length === 0 && <div className="ink-3">Nothing of this kind was logged.</div>}
      {lines.map((line, i) => (
        <div key={i} className={`log-line ${line.level}`}>
          <span>{new Date(line.at).toISOString().slice(11, 23)}</span>
          <span>{line.level}</span>
          <span>{line.from}</span>
          <span>{line.text}</span>
        </div>
      ))}
    </div>
  )
}
