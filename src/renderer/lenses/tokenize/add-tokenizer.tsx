import {useRef, useState} from 'react'
import {DialogTrigger, Popover} from 'react-aria-components'
import {
  BASELINES,
  type Baseline,
  PACKAGED_TOKENIZERS,
} from '../../../shared/lenses/packaged-tokenizers.ts'
import {keptTokenizer} from '../../sharing/kept-tokenizer.ts'
import {shownProblem} from '../../store/context.ts'
import {refOfListing} from '../../store/models.ts'
import {Button} from '../../ui/button.tsx'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {ProblemText} from './problem-text.tsx'

const BASELINE_WORDS: Readonly<Record<Baseline, string>> = {
  bytes: 'Bytes',
  characters: 'Characters',
  graphemes: 'Grapheme clusters',
  words: 'Words',
}

/** Adds a tokenizer: one that comes along, a model's, a file's, or a plain way to cut. */
export function AddTokenizer() {
  const [isOpen, setOpen] = useState(false)
  const {addTokenizer, forgetAddProblem} = useActions()
  const {names, listings, problem, isAdding} = useWorkbenchState((state) => ({
    names: state.comparedTokenizers,
    listings: state.listings,
    problem: state.addProblem,
    isAdding: state.isAdding,
  }))
  const add = async (name: string) => {
    if (await addTokenizer(name)) setOpen(false)
  }
  const groups = [
    {
      title: 'Come with the program',
      rows: PACKAGED_TOKENIZERS.map(({id, name}) => ({name: id, title: id, note: name})),
    },
    {
      title: 'Of models',
      rows: listings
        .filter((listing) => listing.kind !== 'vision')
        .slice(0, 12)
        .map((listing) => ({name: refOfListing(listing).model, title: listing.id, note: 'model'})),
    },
    {
      title: 'Plain ways to cut',
      rows: BASELINES.map((name) => ({name, title: name, note: BASELINE_WORDS[name]})),
    },
  ]
  return (
    <DialogTrigger
      isOpen={isOpen}
      onOpenChange={(open) => {
        setOpen(open)
        forgetAddProblem()
      }}
    >
      <Button look="quiet" testId="add-tokenizer" aria-label="Add a tokenizer">
        Add…
      </Button>
      <Popover
        className="popover popover-body"
        aria-label="Add a tokenizer"
        placement="top start"
        offset={4}
      >
        <div className="add-tokenizer">
          {groups.map(({title, rows}) => {
            const left = rows.filter(({name}) => !names.includes(name))
            return (
              left.length > 0 && (
                <section key={title}>
                  <h2>{title}</h2>
                  <div className="add-list">
                    {left.map(({name, title: text, note}) => (
                      <Button
                        key={name}
                        look="quiet"
                        isDisabled={isAdding}
                        onPress={() => void add(name)}
                      >
                        {text}
                        {note.toLowerCase() !== text.toLowerCase() && (
                          <span className="ink-3 small">{note}</span>
                        )}
                      </Button>
                    ))}
                  </div>
                </section>
              )
            )
          })}
          <FileRow onAdd={add} isBusy={isAdding} />
          {problem && (
            <div
              className="lens-wait"
              role="alert"
              data-testid="add-problem"
              data-code={problem.code}
            >
              <ProblemText problem={problem} />
            </div>
          )}
        </div>
      </Popover>
    </DialogTrigger>
  )
}

interface FileRowProps {
  readonly onAdd: (name: string) => Promise<void>
  readonly isBusy: boolean
}

/** A tokenizer.json by its path on the engine's machine, or picked here. */
function FileRow({onAdd, isBusy}: FileRowProps) {
  const workbench = useWorkbench()
  const {showAddProblem} = useActions()
  const [path, setPath] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const pick = async (file: File) => {
    try {
      await onAdd(await keptTokenizer(workbench, file))
    } catch (error) {
      showAddProblem(shownProblem(error))
    }
  }
  return (
    <section>
      <h2>A tokenizer.json</h2>
      <form
        className="form-row"
        onSubmit={(event) => {
          event.preventDefault()
          if (path.trim() !== '') void onAdd(path.trim())
        }}
      >
        <input
          className="field add-path"
          aria-label="Path of a tokenizer.json or of its folder"
          placeholder="path of the file or its folder"
          value={path}
          onChange={(event) => setPath(event.target.value)}
          data-testid="tokenizer-path"
        />
        <Button look="edge" type="submit" isDisabled={isBusy || path.trim() === ''}>
          Add
        </Button>
        <Button look="edge" isDisabled={isBusy} onPress={() => input.current?.click()}>
          Choose…
        </Button>
        <input
          ref={input}
          type="file"
          accept=".json,application/json"
          hidden
          data-testid="tokenizer-file"
          onChange={(event) => {
            const file = event.target.files?.[0]
            event.target.value = ''
            if (file) void pick(file)
          }}
        />
      </form>
    </section>
  )
}
