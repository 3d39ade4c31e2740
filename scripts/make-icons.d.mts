export const LINUX_SIZES: readonly number[]
export function iconPng(sidePx: number): Buffer
export function windowsIcon(): Buffer
export function appleIcon(): Buffer
export function makeIcons(folder?: string): void
