import {formatMany} from '../../shared/figures/number-format.ts'
import type {FigureFormat, FigureOptions} from '../../shared/figures/request.ts'
import {TRACK_KINDS, type TrackName} from '../../shared/figures/tokens/tracks.ts'
import {type ResolvedUnit, TOKEN_UNIT} from '../../shared/units/unit-choice.ts'
import {unitText} from '../../shared/units/unit-words.ts'
import {Check} from '../ui/check.tsx'
import {Choice} from '../ui/choice.tsx'
import {FormatRow, PictureRows, PrivateRow} from './export-rows.tsx'

export interface ExportFormProps {
  readonly format: FigureFormat
  readonly onFormat: (format: FigureFormat) => void
  readonly options: FigureOptions
  /** What the page shows, which the figure takes over or leaves. */
  readonly unit: ResolvedUnit
  readonly pins: readonly number[]
  readonly pairs: FigureOptions['pairs']
  /** The result has a logit lens, which can be drawn in place of the text. */
  readonly hasLens: boolean
  readonly onOptions: (change: Partial<FigureOptions>) => void
}

const TRACKS = Object.keys(TRACK_KINDS) as TrackName[]

/** Everything that decides what is written. */
export function ExportForm(props: ExportFormProps) {
  const {format, onFormat, options, unit, pins, pairs, hasLens, onOptions} = props
  const isText = options.view === 'lines'
  const pinCount = pins.length + pairs.length
  const isPicture = format === 'svg' || format === 'png'
  return (
    <div className="export-form">
      <FormatRow format={format} onFormat={onFormat} />
      {isPicture && hasLens && (
        <div className="form-row">
          <span className="form-label">view</span>
          <Choice
            label="View"
            value={options.view}
            options={[
              {value: 'lines', text: 'Text'},
              {value: 'logit-lens', text: 'Logit lens'},
            ]}
            onChange={(view) => onOptions({view})}
          />
        </div>
      )}
      {isPicture && (
        <>
          <PictureRows format={format} options={options} onOptions={onOptions} />
          {isText && (
            <div className="form-row top">
              <span className="form-label">tracks</span>
              <div className="export-tracks">
                {TRACKS.map((track) => (
                  <Check
                    key={track}
                    isOn={options.tracks.includes(track)}
                    isDisabled={options.tracks.length === 1 && options.tracks[0] === track}
                    onChange={(isOn) =>
                      onOptions({
                        tracks: TRACKS.filter((other) =>
                          other === track ? isOn : options.tracks.includes(other)
                        ),
                      })
                    }
                  >
                    {TRACK_KINDS[track].label}
                  </Check>
                ))}
              </div>
            </div>
          )}
          <div className="form-row top">
            <span className="form-label">with</span>
            <div className="export-tracks">
              <Check
                isOn={options.caption === undefined}
                onChange={(isOn) => onOptions({caption: isOn ? undefined : ''})}
              >
                caption
              </Check>
              {isText && (
                <>
                  <Check
                    isOn={options.legend === 'on'}
                    onChange={(isOn) => onOptions({legend: isOn ? 'on' : 'off'})}
                  >
                    legend
                  </Check>
                  <Check
                    isOn={options.next === 'on'}
                    onChange={(isOn) => onOptions({next: isOn ? 'on' : 'off'})}
                  >
                    next tokens
                  </Check>
                  {pinCount > 0 && (
                    <Check
                      isOn={options.pins.length + options.pairs.length > 0}
                      onChange={(isOn) =>
                        onOptions(
                          isOn ? {pins: [...pins], pairs: [...pairs]} : {pins: [], pairs: []}
                        )
                      }
                    >
                      {formatMany(pinCount, 'pin')}
                    </Check>
                  )}
                </>
              )}
            </div>
          </div>
        </>
      )}
      {unit.kind !== 'token' && format !== 'json' && (isText || !isPicture) && (
        <div className="form-row">
          <span className="form-label">by</span>
          <Choice
            label="Text unit"
            value={options.unit.kind === 'token' ? 'token' : 'unit'}
            options={[
              {value: 'unit', text: shortUnit(unit)},
              {value: 'token', text: 'tokens'},
            ]}
            onChange={(choice) => onOptions({unit: choice === 'token' ? TOKEN_UNIT : unit})}
          />
        </div>
      )}
      <PrivateRow options={options} onOptions={onOptions} />
    </div>
  )
}

const MOST_UNIT = 24

function shortUnit(unit: ResolvedUnit): string {
  const text = unitText(unit)
  return text.length > MOST_UNIT ? `${text.slice(0, MOST_UNIT)}…` : text
}
