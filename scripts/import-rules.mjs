/**
 * Who may import whom (architecture: layout), as data. The first rule whose `from` matches an importing
 * file decides. `may` lists what it may import, as paths from the project's root or names of packages;
 * anything else breaks the rule. `types` may be imported as types, which leave no trace in what is built;
 * `never` takes code away again from what `may` gives; `neverNames` are single exports of a package. In a
 * path `*` is one name and `**` any depth; `{1}` is what the first `*` of `from` stood for. `why` is what
 * is said to whoever breaks the rule.
 */
const NODE = 'node:**'
const SHARED = 'src/shared/**'
/** The folders of figures, as opposed to what all figures share. */
const EACH_FIGURE = 'src/shared/figures/*/**'
const REACT = ['react', 'react/jsx-runtime', 'react-dom']
const CONTROLS = ['react-aria-components', 'cmdk', '@tanstack/react-virtual']
const MARKDOWN = ['react-markdown', 'remark-frontmatter', 'remark-gfm']
const D3 = ['d3-scale', 'd3-shape', 'd3-hierarchy']

export const RULES = [
  {
    name: 'shared/engine-client',
    from: ['src/shared/engine-client/**'],
    may: [SHARED, 'zod', '@orpc/client', '@orpc/contract'],
    never: [EACH_FIGURE],
    why: 'page, command line and tests share it; its transport is handed in, so it knows no Node, Electron or React',
  },
  {
    name: 'shared/figures',
    from: ['src/shared/figures/**'],
    may: [SHARED, 'zod', ...D3, 'react', 'react/jsx-runtime', 'fflate'],
    neverNames: {react: [/^use[A-Z]/, /^createContext$/, /^(?:Pure)?Component$/, /^memo$/]},
    why: 'the same figure is drawn on screen, exported and written by the command line: geometry and SVG, no hooks, no store, no globals',
  },
  {
    name: 'shared/links',
    from: ['src/shared/links/**'],
    may: [SHARED, 'zod', 'fflate'],
    never: [EACH_FIGURE],
    why: 'page, hosts and tests read the same links; packing is the one thing it needs',
  },
  {
    name: 'shared/prompts',
    from: ['src/shared/prompts/**'],
    may: [SHARED, 'papaparse'],
    never: [EACH_FIGURE],
    why: 'page and command line read the same files of prompts; reading tables is the one thing it needs',
  },
  {
    name: 'shared',
    from: ['src/shared/**'],
    may: [SHARED, 'zod', '@orpc/contract'],
    why: 'everyone imports it, so it runs everywhere: no Electron, Node, DOM, React or D3',
  },
  {
    name: 'engine/runtime',
    from: ['src/main/engine/runtime/**'],
    may: ['src/main/engine/**', SHARED, NODE, 'onnxruntime-node'],
    never: ['src/main/engine/lenses/**', 'src/main/engine/export/**'],
    why: 'the one place that knows onnxruntime, and it does not know what it is used for',
  },
  {
    name: 'engine/onnx',
    from: ['src/main/engine/onnx/**'],
    may: [
      'src/main/engine/onnx/**',
      'src/main/engine/model-folder/**',
      SHARED,
      NODE,
      'protobufjs',
      'protobufjs/**',
    ],
    why: 'a graph is read and edited without a runtime',
  },
  {
    name: 'engine/tokenizers',
    from: ['src/main/engine/tokenizers/**'],
    may: [
      ...['src/main/engine/**', SHARED, NODE, 'tokenizers', '@huggingface/jinja'],
      ...['@huggingface/tokenizers', 'tiktoken', 'tiktoken/**'],
      ...['llama-tokenizer-js', 'llama3-tokenizer-js', 'mistral-tokenizer-js'],
    ],
    never: ['src/main/engine/runtime/**'],
    why: 'text becomes tokens without a model',
  },
  {
    name: 'engine/attribution',
    from: ['src/main/engine/attribution/**'],
    may: ['src/main/engine/**', SHARED, NODE, 'compromise/two'],
    never: ['src/main/engine/runtime/**'],
    why: 'it is given what scores a sequence; words are tagged here and nowhere else',
  },
  {
    name: 'engine/critical',
    from: ['src/main/engine/critical/**'],
    may: [
      ...['src/main/engine/**', SHARED, NODE],
      ...['quickjs-emscripten-core', '@jitl/quickjs-wasmfile-release-sync'],
    ],
    why: 'a person’s script is run in a sandbox, and nowhere else',
  },
  {
    name: 'engine/export',
    from: ['src/main/engine/export/**'],
    may: [
      'src/main/engine/**',
      SHARED,
      NODE,
      'react',
      'react/jsx-runtime',
      'react-dom/server',
      '@resvg/resvg-js',
      'fflate',
    ],
    never: ['src/main/engine/runtime/**'],
    why: 'figures become files from their data alone: no model, no Electron, no page',
  },
  {
    name: 'engine',
    from: ['src/main/engine/**'],
    // The package's own JSON tells its version.
    may: [
      'src/main/engine/**',
      SHARED,
      NODE,
      '@orpc/server',
      'ws',
      'zod',
      'onnxruntime-node/package.json',
    ],
    why: 'a process of its own that any host can start: it knows neither Electron, nor the hosts, nor the page, and onnxruntime only through runtime',
  },
  {
    name: 'preload',
    from: ['src/main/preload.ts'],
    may: ['electron', 'src/main/desktop/channels.ts', 'src/shared/engine-client/port-messages.ts'],
    types: ['src/shared/host/**'],
    why: 'it runs sandboxed beside the page: names of messages and nothing else',
  },
  {
    name: 'desktop',
    from: ['src/main/index.ts', 'src/main/desktop/**'],
    may: ['src/main/*', 'src/main/desktop/**', SHARED, NODE, 'electron', 'zod'],
    types: ['src/main/engine/**'],
    never: ['src/main/cli.ts', 'src/main/serve.ts', 'src/main/preload.ts'],
    why: 'a host forks the built engine; its code in this process would take the window down with it',
  },
  {
    name: 'electron-double',
    from: ['src/main/electron-double.ts', 'src/main/electron-double-*.ts'],
    may: [NODE, 'src/main/electron-double-*.ts'],
    why: 'it stands for Electron in tests and must not need it',
  },
  {
    name: 'hosts',
    from: ['src/main/**'],
    may: [
      'src/main/*',
      'src/main/serve/**',
      'src/main/cli/**',
      SHARED,
      NODE,
      'commander',
      'yaml',
      'zod',
      '@orpc/client',
    ],
    types: ['src/main/engine/**'],
    never: [
      'src/main/electron-double.ts',
      'src/main/electron-double-*.ts',
      'src/main/preload.ts',
      'src/main/index.ts',
    ],
    why: 'serve and the command line run on plain Node without Electron, and fork the built engine instead of importing it',
  },
  {
    name: 'renderer/store',
    from: ['src/renderer/store/**'],
    may: ['src/renderer/store/**', SHARED, 'zustand/vanilla', 'zustand/middleware', 'zod'],
    never: [EACH_FIGURE],
    why: 'what the page knows is independent of how it is drawn: no React, no D3, no lenses',
  },
  {
    name: 'renderer/ui',
    from: ['src/renderer/ui/**'],
    may: ['src/renderer/ui/**', ...REACT, ...CONTROLS, ...MARKDOWN],
    why: 'controls know neither the store nor the domain, so that any lens can use them',
  },
  {
    name: 'a lens',
    from: ['src/renderer/lenses/*/**'],
    may: [
      'src/renderer/lenses/{1}/**',
      // What all lenses share lies beside their folders.
      'src/renderer/lenses/*',
      'src/renderer/store/**',
      'src/renderer/ui/**',
      'src/renderer/export/**',
      'src/renderer/sharing/**',
      SHARED,
      ...REACT,
      ...CONTROLS,
      ...D3,
      'd3-selection',
      'd3-zoom',
      'zustand',
      'zustand/shallow',
    ],
    why: 'a lens stands alone: another lens’s folder may change without it noticing',
  },
  {
    name: 'renderer/lenses, commands, export, sharing',
    from: [
      'src/renderer/lenses/*',
      'src/renderer/commands/**',
      'src/renderer/export/**',
      'src/renderer/sharing/**',
    ],
    may: [
      'src/renderer/lenses/**',
      'src/renderer/commands/**',
      'src/renderer/export/**',
      'src/renderer/sharing/**',
      'src/renderer/store/**',
      'src/renderer/ui/**',
      SHARED,
      ...REACT,
      ...CONTROLS,
      'zustand',
      'zustand/shallow',
    ],
    why: 'nothing imports the frame, and the page has no Node and no Electron',
  },
  {
    name: 'renderer/prompts',
    from: ['src/renderer/prompts/**'],
    may: ['src/renderer/prompts/**', SHARED],
    types: ['src/renderer/store/**'],
    why: 'what lists of prompts are written as depends on their rows alone, not on the page',
  },
  {
    name: 'renderer',
    from: ['src/renderer/**'],
    may: [
      'src/renderer/**',
      SHARED,
      ...REACT,
      'react-dom/client',
      'idb',
      ...CONTROLS,
      ...D3,
      'zustand',
      'zustand/shallow',
      'zustand/vanilla',
    ],
    why: 'the page has no Node and no Electron; it reaches the engine through the contract alone',
  },
]

/** Tests, and what only tests use: they are never built, so they may look behind a door that code may not. */
export const TEST_FILES = /\.test\.tsx?$|\/test-[\w-]+\.tsx?$/
export const TEST_MAY = [
  NODE,
  SHARED,
  'fixtures/**',
  'vitest',
  'fast-check',
  '@orpc/**',
  'ws',
  'zod',
  'fflate',
  'react',
  'react/jsx-runtime',
  'react-dom/**',
  '@resvg/resvg-js',
  'src/main/electron-double.ts',
  'src/main/*',
  'src/main/engine/**',
]
/** Packages whose types anyone may name. */
export const TYPES_OF = ['react', '@orpc/contract', '@orpc/client', '@orpc/server', 'zod']
