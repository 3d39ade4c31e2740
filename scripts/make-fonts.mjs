// Copies the fonts that every figure is drawn with to assets/fonts, with two edits their licences
// allow: JetBrains Mono loses its code ligatures (a token is never ligated), and Inter's tabular
// figures become its ordinary ones. Painters of SVG files know no font features, so the fonts carry it.
import {copyFileSync, readFileSync, writeFileSync} from 'node:fs'
import {resolve} from 'node:path'
import {renameFeature} from './ttf.mjs'

const root = resolve(import.meta.dirname, '..')
const google = (path) => resolve(root, 'node_modules/@expo-google-fonts', path)
const target = (name) => resolve(root, 'assets/fonts', name)

const FONTS = [
  ['inter-regular', google('inter/400Regular/Inter_400Regular.ttf'), 'tabular'],
  ['inter-medium', google('inter/500Medium/Inter_500Medium.ttf'), 'tabular'],
  ['inter-semibold', google('inter/600SemiBold/Inter_600SemiBold.ttf'), 'tabular'],
  [
    'jetbrains-mono-regular',
    google('jetbrains-mono/400Regular/JetBrainsMono_400Regular.ttf'),
    'plain',
  ],
  [
    'jetbrains-mono-medium',
    google('jetbrains-mono/500Medium/JetBrainsMono_500Medium.ttf'),
    'plain',
  ],
  ['dejavu-sans-mono', resolve(root, 'node_modules/dejavu-fonts-ttf/ttf/DejaVuSansMono.ttf'), null],
  ['dejavu-sans', resolve(root, 'node_modules/dejavu-fonts-ttf/ttf/DejaVuSans.ttf'), null],
  [
    'noto-sans-devanagari',
    google('noto-sans-devanagari/400Regular/NotoSansDevanagari_400Regular.ttf'),
    null,
  ],
  ['noto-emoji', google('noto-emoji/400Regular/NotoEmoji_400Regular.ttf'), null],
  ['m-plus-rounded-1c', google('m-plus-rounded-1c/400Regular/MPLUSRounded1c_400Regular.ttf'), null],
]
for (const [name, source, edit] of FONTS) {
  const font = readFileSync(source)
  // `rlig` is on everywhere and cannot be switched off; `zzzz` is a tag that nothing asks for.
  const changed =
    edit === 'tabular'
      ? renameFeature(font, 'tnum', 'rlig')
      : edit === 'plain'
        ? renameFeature(font, 'calt', 'zzzz')
        : 0
  if (edit && changed === 0) throw new Error(`${name}: the feature to be edited is not there`)
  writeFileSync(target(`${name}.ttf`), font)
}
for (const [name, folder] of [
  ['inter', 'inter'],
  ['jetbrains-mono', 'jetbrains-mono'],
  ['noto-sans-devanagari', 'noto-sans-devanagari'],
  ['noto-emoji', 'noto-emoji'],
  ['m-plus-rounded-1c', 'm-plus-rounded-1c'],
]) {
  copyFileSync(google(`${folder}/LICENSE_FONT`), target(`LICENSE-${name}.txt`))
}
copyFileSync(resolve(root, 'node_modules/dejavu-fonts-ttf/LICENSE'), target('LICENSE-dejavu.txt'))
