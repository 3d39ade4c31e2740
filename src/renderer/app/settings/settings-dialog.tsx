import {useState} from 'react'
import {DEFAULT_PREFERENCES, type Preferences} from '../../../shared/domain/preferences.ts'
import {
  areDefault,
  LEAST_TEXT_PX,
  MOST_TEXT_PX,
  resetPreferencesOf,
} from '../../commands/change-preferences.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {Button} from '../../ui/button.tsx'
import {Choice} from '../../ui/choice.tsx'
import {Dialog} from '../../ui/dialog.tsx'
import {HintArea} from '../../ui/hint-area.tsx'
import {NumberInput} from '../../ui/number-input.tsx'
import {PreferencesProblem} from '../preferences-problem.tsx'
import {MemorySetting, ThreadsSetting} from './engine-settings.tsx'
import './settings-dialog.css'

/** What a person sets for every workspace; each change holds at once. */
export function SettingsDialog() {
  const {closeDialog} = useActions()
  const isOpen = useWorkbenchState((state) => state.dialog === 'settings')
  return (
    <Dialog
      title="Settings"
      isOpen={isOpen}
      onClose={closeDialog}
      widthPx={620}
      testId="settings-dialog"
    >
      {isOpen && (
        <>
          <PreferencesProblem />
          <HintArea>
            <div className="settings">
              <section aria-label="Engine">
                <h2>Engine</h2>
                <MemorySetting />
                <ThreadsSetting />
                <div className="setting">
                  <span className="setting-name">provider</span>
                  <span>
                    CPU <span className="ink-3">Others are not in this version.</span>
                  </span>
                </div>
              </section>
              <Appearance />
            </div>
          </HintArea>
          <SettingsFoot />
        </>
      )}
    </Dialog>
  )
}

const THEMES = [
  {value: 'system', text: 'As the system'},
  {value: 'light', text: 'Light'},
  {value: 'dark', text: 'Dark'},
] as const
const FONTS = [
  {value: 'jetbrains-mono', text: 'JetBrains Mono'},
  {value: 'dejavu-sans-mono', text: 'DejaVu Sans Mono'},
] as const
const COLORS = [
  {value: 'ember', text: 'Ember'},
  {value: 'ocean', text: 'Ocean'},
  {value: 'grey', text: 'Grey'},
] as const
const SCALE_STEPS = [1, 2, 3, 4, 5, 6, 7, 8, 9]

function Appearance() {
  const {changePreferences} = useActions()
  const {theme, textSizePx, tokenFont, colors} = useWorkbenchState((state) => state.preferences)
  const setText = (size: number) => changePreferences({textSizePx: size})
  return (
    <section aria-label="Appearance">
      <h2>Appearance</h2>
      <div className="setting">
        <span className="setting-name">theme</span>
        <Choice
          label="Theme"
          value={theme}
          options={THEMES}
          onChange={(next) => changePreferences({theme: next})}
        />
      </div>
      <div className="setting">
        <span className="setting-name">text size</span>
        {/* No slider: the page grows with the text, and what is dragged would run away. */}
        <Button
          look="filled"
          isDisabled={textSizePx <= LEAST_TEXT_PX}
          onPress={() => setText(Math.max(LEAST_TEXT_PX, textSizePx - 1))}
        >
          Smaller
        </Button>
        <NumberInput
          label="Text size in pixels"
          value={textSizePx}
          onChange={setText}
          minimum={LEAST_TEXT_PX}
          maximum={MOST_TEXT_PX}
          step={1}
          isWhole
        />
        <span>px</span>
        <Button
          look="filled"
          isDisabled={textSizePx >= MOST_TEXT_PX}
          onPress={() => setText(Math.min(MOST_TEXT_PX, textSizePx + 1))}
        >
          Larger
        </Button>
        <span className="ink-3">Everything grows with it.</span>
      </div>
      <div className="setting">
        <span className="setting-name">tokens in</span>
        <Choice
          label="Typeface of tokens"
          value={tokenFont}
          options={FONTS}
          onChange={(next) => changePreferences({tokenFont: next})}
        />
        <span className="mono setting-sample" aria-hidden="true">
          ·lamp 0O1lI
        </span>
      </div>
      <div className="setting">
        <span className="setting-name">scale</span>
        <Choice
          label="Colours of the sequential scale"
          value={colors}
          options={COLORS}
          onChange={(next) => changePreferences({colors: next})}
        />
        <span className="scale-preview" role="img" aria-label={`The ${colors} scale, low to high`}>
          {SCALE_STEPS.map((step) => (
            <span key={step} style={{background: `var(--seq-${step})`}} />
          ))}
        </span>
      </div>
    </section>
  )
}

/** Where they are kept, and the way back to how they were delivered, which can itself be taken back. */
function SettingsFoot() {
  const workbench = useWorkbench()
  const {path, isDefault} = useWorkbenchState((state) => ({
    path: state.status?.preferencesPath,
    isDefault: areDefault(state.preferences),
  }))
  const [before, setBefore] = useState<Preferences | null>(null)
  return (
    <div className="dialog-foot">
      <span
        className="small ink-3 clip"
        data-hint={path ?? undefined}
        data-testid="preferences-path"
      >
        {path === undefined
          ? 'Kept by the engine, for all windows.'
          : path === null
            ? 'Kept until the engine ends: it has no folder for them.'
            : `Kept in ${path}, for all windows.`}
      </span>
      <span className="grow" />
      {isDefault && before ? (
        <Button
          look="edge"
          onPress={() => {
            workbench.actions.changePreferences(before)
            setBefore(null)
          }}
        >
          Undo the reset
        </Button>
      ) : (
        <Button
          look="edge"
          isDisabled={isDefault}
          onPress={() => {
            setBefore({...DEFAULT_PREFERENCES, ...workbench.store.getState().preferences})
            resetPreferencesOf(workbench)
          }}
          testId="reset-settings"
        >
          Reset to defaults
        </Button>
      )}
    </div>
  )
}
