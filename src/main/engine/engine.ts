import {createBlobs} from './blobs.ts'
import {serveHost} from './engine-process.ts'
import {createHandlers} from './handlers.ts'
import {readEngineOptions} from './options.ts'

// The engine process: what answers the contract, and the host that it answers to.
const blobs = createBlobs()
const handlers = createHandlers(readEngineOptions(), {blobs})
await serveHost({router: handlers.router, blobs, close: () => handlers.close()})
