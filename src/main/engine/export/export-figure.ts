import {renderToStaticMarkup} from 'react-dom/server'
import type {Warning} from '../../../shared/domain/problem.ts'
import {figureOf} from '../../../shared/figures/registry.tsx'
import type {FigureRequest} from '../../../shared/figures/request.ts'
import {codeName} from '../../../shared/figures/token-glyphs.ts'
import {paintPng} from './png.ts'

/** A figure or its data as the bytes of a file. */
export interface ExportedFigure {
  readonly fileName: string
  readonly mediaType: string
  readonly bytes: Uint8Array
  readonly warnings: readonly Warning[]
}

const MEDIA_TYPES = {
  svg: 'image/svg+xml',
  png: 'image/png',
  json: 'application/json',
  csv: 'text/csv',
} as const

/**
 * Writes a figure. The same request gives the same bytes, whoever asks. `fontsFolder` holds the
 * shipped fonts; nothing else on the machine is drawn with.
 */
export async function exportFigure(
  request: FigureRequest,
  {fontsFolder}: {fontsFolder: string}
): Promise<ExportedFigure> {
  const {figure, format, options} = request
  const kind = figureOf(request)
  const common = {fileName: `${figure}.${format}`, mediaType: MEDIA_TYPES[format]}
  const encoder = new TextEncoder()
  switch (format) {
    case 'json': {
      const text = `${JSON.stringify(kind.json(), null, 2)}\n`
      return {...common, bytes: encoder.encode(text), warnings: []}
    }
    case 'csv': {
      const header = `# ${JSON.stringify(kind.provenance())}\r\n`
      return {...common, bytes: encoder.encode(header + kind.csv()), warnings: []}
    }
    case 'svg': {
      const {element, missing} = kind.draw(true)
      const bytes = encoder.encode(svgFile(renderToStaticMarkup(element)))
      return {
        ...common,
        bytes,
        warnings: missingGlyphs(missing, 'stay text: a reader needs a font'),
      }
    }
    case 'png': {
      const {element, missing} = kind.draw(false)
      const bytes = await paintPng(renderToStaticMarkup(element), {
        fontsFolder,
        scale: options.scale,
        provenance: kind.provenance(),
      })
      return {...common, bytes, warnings: missingGlyphs(missing, 'are drawn as their codes')}
    }
  }
}

function svgFile(markup: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${markup}\n`
}

/** How many code points a warning names before it only counts them. */
const NAMED_COUNT = 12

function missingGlyphs(missing: readonly number[], consequence: string): Warning[] {
  if (missing.length === 0) return []
  const names = missing.slice(0, NAMED_COUNT).map(codeName).join(', ')
  const more = missing.length > NAMED_COUNT ? ` and ${missing.length - NAMED_COUNT} more` : ''
  return [
    {
      code: 'glyphs-missing',
      message: `No shipped font has ${names}${more}; in this figure they ${consequence}.`,
    },
  ]
}
