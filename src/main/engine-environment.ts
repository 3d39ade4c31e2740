import type {EngineOptions} from './engine/options.ts'

/**
 * What the engine may see of the host's environment. A list of what is needed, not of what is secret:
 * tokens and keys have any name.
 */
const PASSED_ON = new Set([
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'TZ',
  'TMPDIR',
  'TEMP',
  'TMP',
  'USERPROFILE',
  'HOMEDRIVE',
  'HOMEPATH',
  'APPDATA',
  'LOCALAPPDATA',
  'PROGRAMDATA',
  'SYSTEMROOT',
  'WINDIR',
  'COMSPEC',
  'PATHEXT',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'OMP_NUM_THREADS',
  // Where models of the local hub cache lie.
  'HF_HOME',
  'HF_HUB_CACHE',
  'HUGGINGFACE_HUB_CACHE',
])
const PASSED_ON_PREFIXES = ['LC_', 'XDG_', 'VK_', 'TOKENSCOPE_']

export function engineEnvironment(
  environment: NodeJS.ProcessEnv,
  options: EngineOptions
): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) {
    // Windows does not tell upper from lower case in these names.
    const upper = name.toUpperCase()
    const isPassed =
      PASSED_ON.has(upper) || PASSED_ON_PREFIXES.some((prefix) => upper.startsWith(prefix))
    if (isPassed && value !== undefined) passed[name] = value
  }
  passed.TOKENSCOPE_ENGINE_OPTIONS = JSON.stringify(options)
  return passed
}
