import {app} from 'electron'
import {serveEnginePorts} from './desktop/engine-ports.ts'
import {startDesktopEngine} from './desktop/engine-process.ts'
import {denyWhatIsNotNeeded} from './desktop/permissions.ts'
import {registerRendererScheme, serveRenderer} from './desktop/renderer-protocol.ts'
import {keepOneInstance} from './desktop/single-instance.ts'
import {openMainWindow} from './desktop/window.ts'

// The desktop host, as a table of contents. It holds no feature: those live in the engine and the page.
registerRendererScheme()
if (keepOneInstance()) {
  const engineHost = startDesktopEngine()
  denyWhatIsNotNeeded()
  void app.whenReady().then(() => {
    serveRenderer()
    serveEnginePorts(engineHost)
    openMainWindow()
  })
}
