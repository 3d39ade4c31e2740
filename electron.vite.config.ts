import {resolve} from 'node:path'
import react from '@vitejs/plugin-react'
import {defineConfig} from 'electron-vite'

const src = (path: string) => resolve(import.meta.dirname, 'src', path)

export default defineConfig({
  main: {
    define: {'process.env.NODE_ENV': '"production"'},
    build: {
      // electron-vite aims at Electron's Node; serve, cli and the engine must also run on Node 20.
      target: 'node20.19',
      externalizeDeps: {
        // Pure JavaScript is bundled, so that only native packages are resolved at run time.
        exclude: [
          '@orpc/contract',
          '@orpc/server',
          '@orpc/client',
          '@orpc/standard-server',
          '@orpc/standard-server-peer',
          'zod',
          'react',
          'react-dom',
          'ws',
          'commander',
          'protobufjs',
          '@huggingface/jinja',
          'fflate',
          'd3-scale',
          'd3-shape',
          'yaml',
        ],
      },
      rolldownOptions: {
        external: ['bufferutil', 'utf-8-validate'],
        input: {
          index: src('main/index.ts'),
          serve: src('main/serve.ts'),
          cli: src('main/cli.ts'),
          engine: src('main/engine/engine.ts'),
          'session-worker': src('main/engine/runtime/session-worker.ts'),
          'matrix-worker': src('main/engine/runtime/matrix-worker.ts'),
          'checker-worker': src('main/engine/critical/checker-worker.ts'),
          'text-worker': src('main/engine/lenses/text-worker.ts'),
          'match-thread': src('main/cli/match-thread.ts'),
        },
        output: {
          format: 'es',
          entryFileNames: '[name].js',
          chunkFileNames: 'chunks/[name]-[hash].js',
        },
      },
    },
  },
  preload: {
    build: {
      // A sandboxed preload may be neither an ES module nor resolve packages.
      externalizeDeps: false,
      rolldownOptions: {
        input: {index: src('main/preload.ts')},
        output: {format: 'cjs', entryFileNames: '[name].cjs'},
      },
    },
  },
  renderer: {
    root: src('renderer'),
    plugins: [react()],
    build: {
      minify: true,
      target: 'chrome140',
      rolldownOptions: {input: src('renderer/index.html')},
    },
  },
})
