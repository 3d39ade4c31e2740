import type {Command} from './command.ts'

export const openFolder: Command = {
  id: 'open-folder',
  title: 'Open a model folder',
  group: 'file',
  keywords: 'load ONNX model',
  shortcut: {key: 'o', mod: true},
  worksInText: true,
  when: () => true,
  // The platform's own chooser answers with a message of the host.
  run: ({host, actions}) =>
    host ? host.send({kind: 'choose-folder'}) : actions.openDialog('folder'),
}
