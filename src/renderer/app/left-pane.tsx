import {HistorySection} from './history-section.tsx'
import {ModelsSection} from './models-section.tsx'
import {PromptSection} from './prompt-section.tsx'
import './left-pane.css'

/** Models, prompt and history. */
export function LeftPane() {
  return (
    <nav className="left-pane" aria-label="Models, prompt and history">
      <ModelsSection />
      <PromptSection />
      <HistorySection />
    </nav>
  )
}
