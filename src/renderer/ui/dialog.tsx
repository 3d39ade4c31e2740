import type {ReactNode} from 'react'
import {Dialog as AriaDialog, Heading, Modal, ModalOverlay} from 'react-aria-components'
import {Button} from './button.tsx'
import {CloseIcon} from './icons.tsx'
import './controls.css'

export interface DialogProps {
  readonly title: string
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly widthPx: number
  readonly children: ReactNode
  readonly testId?: string
}

/** A dialog over a scrim; Escape and a click beside it close it. */
export function Dialog({title, isOpen, onClose, widthPx, children, testId}: DialogProps) {
  return (
    <ModalOverlay
      className="scrim"
      isOpen={isOpen}
      onOpenChange={(open) => {
        if (!open) onClose()
      }}
      isDismissable
    >
      <Modal style={{width: `min(calc(${widthPx}px * var(--text-zoom, 1)), calc(100vw - 32px))`}}>
        <AriaDialog className="dialog" data-testid={testId}>
          <div className="dialog-head">
            <Heading slot="title" level={1}>
              {title}
            </Heading>
            <span className="grow" />
            <Button look="icon" aria-label="Close" onPress={onClose}>
              <CloseIcon />
            </Button>
          </div>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}
