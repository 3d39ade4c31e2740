import {HistorySection} from './history/history-section.tsx'
import {ModelsSection} from './models/models-section.tsx'
import {PromptSection} from './prompt/prompt-section.tsx'
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
