import {Menu, MenuItem, MenuTrigger, Popover} from 'react-aria-components'
import {TRACK_KINDS, type TrackName} from '../../../shared/figures/tokens/tracks.ts'
import {Button} from '../../ui/button.tsx'
import {DownIcon} from '../../ui/icons.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'

const NAMES = Object.keys(TRACK_KINDS) as TrackName[]

/** Which statistics stand under the tokens; the first of them tints the chips. */
export function TracksMenu() {
  const {changeSettings} = useActions()
  const tracks = useWorkbenchState((state) => state.settings.tracks)
  return (
    <MenuTrigger>
      <Button look="filled" testId="tracks">
        {tracks.length} {tracks.length === 1 ? 'track' : 'tracks'} <DownIcon />
      </Button>
      <Popover className="popover" placement="top start" offset={4}>
        <Menu
          className="menu"
          aria-label="Tracks"
          selectionMode="multiple"
          disallowEmptySelection
          selectedKeys={tracks}
          onSelectionChange={(keys) => {
            const chosen = NAMES.filter((name) => keys === 'all' || keys.has(name))
            if (chosen.length > 0) changeSettings({tracks: chosen})
          }}
        >
          {NAMES.map((name) => (
            <MenuItem
              key={name}
              id={name}
              className="menu-item"
              textValue={TRACK_KINDS[name].label}
            >
              {({isSelected}) => (
                <>
                  <span className="tick">{isSelected ? '✓' : ''}</span>
                  {TRACK_KINDS[name].label}
                  <span className="end">{TRACK_KINDS[name].unit}</span>
                </>
              )}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
