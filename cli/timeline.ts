import { styleText } from 'node:util'
import type { TakeOver } from './watch.ts'

/** Where a command writes for people. Plain text unless it goes to a terminal. */
export interface Page {
  line(text?: string): void
  /** A moment of a timeline. */
  moment(seconds: number, text: string): void
  heading(text: string): void
  good(text: string): void
  check(holds: boolean, what: string): void
}

export function openPage(stream: NodeJS.WriteStream): Page {
  const colour = stream.isTTY && process.env['NO_COLOR'] === undefined
  const style = (format: Parameters<typeof styleText>[0], text: string) => (colour ? styleText(format, text) : text)
  const line = (text = ''): void => void stream.write(`${text}\n`)
  const good = (text: string): void => line(`  ${style('green', 'ok')}   ${text}`)
  return {
    line,
    moment: (seconds, text) => line(`${style('dim', `  +${seconds.toFixed(1).padStart(5)} s`)}  ${text}`),
    heading: (text) => line(`\n${style('bold', text)}`),
    good,
    check: (holds, what) => (holds ? good(what) : line(`  ${style('red', 'not')}  ${what}`)),
  }
}

const barWidth = 40
const nameWidth = 52

/** Draws a take-over: a bar for each step, on a common scale. */
export function drawTakeOver(page: Page, { steps, seconds }: TakeOver): void {
  const column = (at: number): number => Math.round((at / Math.max(seconds, 0.1)) * barWidth)
  page.line()
  for (const { name, start, end } of steps) {
    const from = column(start)
    const bar = ' '.repeat(from) + '█'.repeat(Math.max(1, column(end) - from))
    const label = name.length > nameWidth ? `${name.slice(0, nameWidth - 1)}…` : name.padEnd(nameWidth)
    page.line(`  ${label} ${bar.padEnd(barWidth + 1)} ${start.toFixed(1)} - ${end.toFixed(1)} s`)
  }
}

/** Draws rows of the same shape, the names of their fields as the heading. */
export function drawTable(page: Page, rows: readonly object[]): void {
  const names = Object.keys(rows[0] ?? {})
  const lines = [names, ...rows.map((row) => Object.values(row).map((value) => String(value ?? '-')))]
  const widths = names.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  for (const line of lines)
    page.line(
      line
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
}
