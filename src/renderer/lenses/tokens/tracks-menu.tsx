import {Menu, MenuItem, MenuTrigger, Popover} from 'react-aria-components'
import {formatMany} from '../../../shared/figures/number-format.ts'
import {TRACK_KINDS, type TrackName} from '../../../shared/figures/tokens/tracks.ts'
import {Button} from '../../ui/button.tsx'
import {HintArea} from '../../ui/hint-area.tsx'
import {DownIcon} from '../../ui/icons.tsx'
import {useActions} from '../use-workbench.ts'
import {useShownTracks} from './shown-tracks.ts'

const NAMES = Object.keys(TRACK_KINDS) as TrackName[]

/** Which statistics stand under the tokens; the first of them tints the chips. */
export function TracksMenu() {
  const {changeParameters} = useActions()
  const {chosen: tracks, shown} = useShownTracks()
  return (
    <MenuTrigger>
      <Button look="filled" testId="tracks">
        {shown.length < tracks.length && `${shown.length} of `}
        {formatMany(tracks.length, 'track')} <DownIcon />
      </Button>
      <Popover className="popover" placement="top start" offset={4}>
        <HintArea>
          <Menu
            className="menu"
            aria-label="Tracks"
            selectionMode="multiple"
            disallowEmptySelection
            selectedKeys={tracks}
            onSelectionChange={(keys) => {
              const chosen = NAMES.filter((name) => keys === 'all' || keys.has(name))
              if (chosen.length > 0) changeParameters({tracks: chosen})
            }}
          >
            {NAMES.map((name) => (
              <MenuItem
                key={name}
                id={name}
                className="menu-item"
                data-hint={name}
                textValue={TRACK_KINDS[name].label}
              >
                {({isSelected}) => (
                  <>
                    <span className="tick">{isSelected ? '✓' : ''}</span>
                    {TRACK_KINDS[name].label}
                    <span className="end">
                      {tracks.includes(name) && !shown.includes(name)
                        ? 'window too low'
                        : TRACK_KINDS[name].unit}
                    </span>
                  </>
                )}
              </MenuItem>
            ))}
          </Menu>
        </HintArea>
      </Popover>
    </MenuTrigger>
  )
}
