export async function benchTreePage(): Promise<import('./measure.ts').Ratio[]> {
  return []
}
