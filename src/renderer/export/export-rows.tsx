import type {CommonFigureOptions, FigureFormat} from '../../shared/figures/request.ts'
import {Check} from '../ui/check.tsx'
import {Choice} from '../ui/choice.tsx'
import {NumberInput} from '../ui/number-input.tsx'

export interface FormatRowProps {
  readonly format: FigureFormat
  readonly onFormat: (format: FigureFormat) => void
}

/** As what a figure is written. */
export function FormatRow({format, onFormat}: FormatRowProps) {
  return (
    <div className="form-row">
      <span className="form-label">format</span>
      <Choice
        label="Format"
        value={format}
        options={[
          {value: 'svg', text: 'SVG'},
          {value: 'png', text: 'PNG'},
          {value: 'json', text: 'JSON'},
          {value: 'csv', text: 'CSV'},
        ]}
        onChange={onFormat}
      />
    </div>
  )
}

export interface CommonRowsProps {
  readonly options: CommonFigureOptions
  readonly onOptions: (change: Partial<CommonFigureOptions>) => void
}

/** Size, colours and title of a picture, whatever it shows. */
export function PictureRows({
  format,
  options,
  onOptions,
}: CommonRowsProps & {readonly format: FigureFormat}) {
  return (
    <>
      <div className="form-row">
        <span className="form-label">width</span>
        <NumberInput
          label="Width in pixels"
          value={options.widthPx}
          onChange={(widthPx) => onOptions({widthPx})}
          minimum={120}
          maximum={10_000}
          step={10}
          isWhole
          widthPx={64}
        />
        <span className="ink-2">px, {Math.round((options.widthPx / 96) * 25.4)} mm</span>
      </div>
      {format === 'png' && (
        <div className="form-row">
          <span className="form-label">pixels</span>
          <NumberInput
            label="Scale"
            value={options.scale}
            onChange={(scale) => onOptions({scale})}
            minimum={0.1}
            maximum={8}
            step={1}
          />
          <span className="ink-2">pixels a px</span>
        </div>
      )}
      <div className="form-row">
        <span className="form-label">theme</span>
        <Choice
          label="Theme"
          value={options.theme}
          options={[
            {value: 'light', text: 'Light'},
            {value: 'dark', text: 'Dark'},
            {value: 'print', text: 'Print'},
            {value: 'grey', text: 'Grey'},
          ]}
          onChange={(theme) => onOptions({theme})}
        />
      </div>
      <div className="form-row">
        <span className="form-label">scale</span>
        <Choice
          label="Scale of colours"
          value={options.colors}
          options={[
            {value: 'ember', text: 'Ember'},
            {value: 'ocean', text: 'Ocean'},
            {value: 'grey', text: 'Grey'},
          ]}
          onChange={(colors) => onOptions({colors})}
        />
      </div>
      <div className="form-row">
        <span className="form-label">title</span>
        <input
          className="field grow"
          aria-label="Title"
          placeholder="none"
          maxLength={500}
          value={options.title ?? ''}
          onChange={(event) => onOptions({title: event.target.value || undefined})}
        />
      </div>
    </>
  )
}

/** Whether what was typed goes along. */
export function PrivateRow({options, onOptions}: CommonRowsProps) {
  return (
    <div className="form-row">
      <span className="form-label">private</span>
      <Check isOn={options.noPrompt} onChange={(noPrompt) => onOptions({noPrompt})}>
        leave out text and ids
      </Check>
    </div>
  )
}
