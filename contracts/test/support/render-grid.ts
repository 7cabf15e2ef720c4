/** A table of results as README.md shows it, before the formatter pads its columns. */
export function renderGrid(
  corner: string,
  columns: readonly string[],
  rows: readonly (readonly [string, readonly string[]])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const body = rows.map(([name, results]) => line([name, ...results]))
  return [line([corner, ...columns]), line(['---', ...columns.map(() => '---')]), ...body].join('\n')
}

/** The README without the padding of its columns, to look for rendered tables in. */
export function withoutPadding(markdown: string): string {
  return markdown.replaceAll(/ +\|/g, ' |').replaceAll(/-{3,}/g, '---')
}
