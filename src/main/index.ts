import {app} from 'electron'
import {serveContextMenus} from './desktop/context-menu.ts'
import {keepCrashReports} from './desktop/crash-reports.ts'
import {restoreCrashedPages} from './desktop/crashed-pages.ts'
import {serveEnginePorts} from './desktop/engine-ports.ts'
import {startDesktopEngine} from './desktop/engine-process.ts'
import {serveFolderDialog} from './desktop/folder-dialog.ts'
import {registerLinkScheme} from './desktop/links.ts'
import {serveMenus} from './desktop/menu.ts'
import {receiveOpenRequests} from './desktop/open-requests.ts'
import {servePageMessages} from './desktop/pages.ts'
import {denyWhatIsNotNeeded} from './desktop/permissions.ts'
import {keepRecentPaths} from './desktop/recent-paths.ts'
import {registerRendererScheme, serveRenderer} from './desktop/renderer-protocol.ts'
import {keepOneInstance} from './desktop/single-instance.ts'
import {followTheme} from './desktop/theme.ts'
import {createWindows} from './desktop/windows.ts'

// The desktop host, as a table of contents. It holds no feature: those live in the engine and the page.
registerRendererScheme()
if (keepOneInstance()) {
  const reports = keepCrashReports()
  const requests = receiveOpenRequests()
  const engineHost = startDesktopEngine(reports)
  denyWhatIsNotNeeded()
  serveContextMenus()
  registerLinkScheme()
  void app.whenReady().then(() => {
    const pages = servePageMessages()
    const windows = createWindows(pages)
    const recents = keepRecentPaths(pages)
    serveRenderer()
    serveEnginePorts(engineHost)
    serveFolderDialog(pages)
    followTheme(pages)
    restoreCrashedPages(pages, reports)
    reports.serve(pages)
    serveMenus({pages, windows, recents, requests, showCrashReports: reports.show})
    requests.start(windows)
  })
}
