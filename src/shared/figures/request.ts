import {z} from 'zod'
import {preferencesSchema} from '../domain/preferences.ts'
import {attentionResultSchema} from '../lenses/attention.ts'
import {graphPictureSchema} from '../lenses/attention-graph-picture.ts'
import {attentionPictureSchema} from '../lenses/attention-picture.ts'
import {attentionViewPictureSchema} from '../lenses/attention-view-pictures.ts'
import {attributeResultSchema} from '../lenses/attribute.ts'
import {attributionPictureSchema} from '../lenses/attribution-picture.ts'
import {criticalResultSchema} from '../lenses/critical.ts'
import {criticalDatasetResultSchema} from '../lenses/critical-dataset.ts'
import {criticalPictureSchema} from '../lenses/critical-picture.ts'
import {TRACK_NAMES} from '../lenses/token-tracks.ts'
import {tokenizeResultSchema} from '../lenses/tokenize.ts'
import {tokensResultSchema} from '../lenses/tokens.ts'
import {treeResultSchema} from '../lenses/tree.ts'
import {treePictureSchema} from '../lenses/tree-picture.ts'
import {resolvedUnitSchema, TOKEN_UNIT} from '../units/unit-choice.ts'

/** The looks a figure can take; the same data has the same colour family in each. */
export const themeSchema = z.enum(['light', 'dark', 'print', 'grey'])
export type Theme = z.infer<typeof themeSchema>

/** The sequential scale that tints what is studied; other colours are the theme's. */
export const colorScaleSchema = preferencesSchema.shape.colors
export type ColorScale = z.infer<typeof colorScaleSchema>

/** Files that a figure can be written as. */
export const figureFormatSchema = z.enum(['svg', 'png', 'json', 'csv'])
export type FigureFormat = z.infer<typeof figureFormatSchema>

/** How a figure is drawn, whatever it shows; the names are the command line's flags. */
export const commonFigureOptionsSchema = z.object({
  /** Width in CSS pixels (96 an inch); the command line also takes mm, cm and in. */
  widthPx: z.number().min(120).max(10_000).default(720),
  /** Pixels a CSS pixel, for PNG. */
  scale: z.number().min(0.1).max(8).default(2),
  theme: themeSchema.default('light'),
  colors: colorScaleSchema.default('ember'),
  title: z.string().max(500).optional(),
  caption: z.string().max(5000).optional(),
  legend: z.enum(['on', 'off']).default('on'),
  /** Leaves text, ids, labels and the prompt out of what is written. */
  noPrompt: z.boolean().default(false),
})
export type CommonFigureOptions = z.infer<typeof commonFigureOptionsSchema>

/** How the figure of a tokens result is drawn. */
export const figureOptionsSchema = commonFigureOptionsSchema.extend({
  /** The text with its tracks, or the next-token table after each layer. */
  view: z.enum(['lines', 'logit-lens']).default('lines'),
  /** Which statistics are drawn under the tokens, top to bottom; the first also tints the chips. */
  tracks: z
    .array(z.enum(TRACK_NAMES))
    .min(1)
    .max(TRACK_NAMES.length)
    .default(['surprisal', 'entropy', 'rank']),
  /** The next-token table and the tracked tokens beside the text. */
  next: z.enum(['on', 'off']).default('on'),
  /** The text unit that the scores are shown by; a regular expression brings its matches. */
  unit: resolvedUnitSchema.default(TOKEN_UNIT),
  /** Positions to be marked, in the order of their numbers; those that do not exist are left out. */
  pins: z.array(z.number().int().nonnegative()).max(64).default([]),
  /** Pinned pairs of positions, such as a query and a key; those that do not exist are left out. */
  pairs: z
    .array(z.object({from: z.number().int().nonnegative(), to: z.number().int().nonnegative()}))
    .max(64)
    .default([]),
})
export type FigureOptions = z.infer<typeof figureOptionsSchema>

/** A figure to be written: which, from what result, how. One member a lens. */
export const figureRequestSchema = z.discriminatedUnion('figure', [
  z.object({
    figure: z.literal('tokens'),
    format: figureFormatSchema,
    result: tokensResultSchema,
    options: figureOptionsSchema,
  }),
  z.object({
    figure: z.literal('attention'),
    format: figureFormatSchema,
    result: attentionResultSchema,
    /** What is drawn of it. */
    picture: attentionPictureSchema,
    options: commonFigureOptionsSchema,
  }),
  z.object({
    figure: z.literal('attention-graph'),
    format: figureFormatSchema,
    result: attentionResultSchema,
    picture: graphPictureSchema,
    options: commonFigureOptionsSchema,
  }),
  z.object({
    figure: z.literal('attention-view'),
    format: figureFormatSchema,
    result: attentionResultSchema,
    /** Lines, all heads, two heads or a pruning. */
    picture: attentionViewPictureSchema,
    options: commonFigureOptionsSchema,
  }),
  z.object({
    figure: z.literal('tree'),
    format: figureFormatSchema,
    result: treeResultSchema,
    picture: treePictureSchema,
    options: commonFigureOptionsSchema,
  }),
  z.object({
    figure: z.literal('attribute'),
    format: figureFormatSchema,
    result: attributeResultSchema,
    /** What is drawn of it. */
    picture: attributionPictureSchema,
    options: commonFigureOptionsSchema,
  }),
  z.object({
    figure: z.literal('critical'),
    format: figureFormatSchema,
    result: criticalResultSchema,
    /** What is drawn of it. */
    picture: criticalPictureSchema,
    options: commonFigureOptionsSchema,
  }),
  z.object({
    figure: z.literal('critical-dataset'),
    format: figureFormatSchema,
    /** What came of all items. */
    result: criticalDatasetResultSchema,
    options: commonFigureOptionsSchema,
  }),
  z.object({
    figure: z.literal('tokenize'),
    format: figureFormatSchema,
    /** With the tokens that are drawn. */
    result: tokenizeResultSchema,
    options: commonFigureOptionsSchema,
  }),
])
export type FigureRequest = z.infer<typeof figureRequestSchema>
export type FigureName = FigureRequest['figure']
export type FigureRequestOf<Name extends FigureName> = Extract<FigureRequest, {figure: Name}>
