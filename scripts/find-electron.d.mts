export function electronPackage(): string | null
export function findElectron(
  folder?: string | null,
  environment?: Readonly<Record<string, string | undefined>>
): string | null
export function hasDisplay(
  environment?: Readonly<Record<string, string | undefined>>
): Promise<boolean>
