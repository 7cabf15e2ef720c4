import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { drawChart } from './draw-chart.ts'
import type { Sweep } from './economics/sweep.ts'

const sweep: Sweep = {
  name: 'example',
  title: 'Gain & <loss>',
  xLabel: 'stake, USDC',
  yLabel: 'gain, USDC',
  xScale: 'log',
  series: [
    {
      name: 'fake',
      kind: 'points',
      points: [
        { x: 1, y: -2, standardError: 0.5 },
        { x: 100, y: 1, standardError: 0.1 },
      ],
    },
    {
      name: 'formula',
      kind: 'line',
      points: [
        { x: 1, y: -2, standardError: 0 },
        { x: 100, y: 1, standardError: 0 },
      ],
    },
  ],
}

describe('drawChart', () => {
  it('shows title, axes with units, ticks, a point with its error for each measurement, and a legend', () => {
    const svg = drawChart(sweep)
    assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox=/)
    assert.ok(svg.endsWith('</svg>\n'))
    for (const text of ['Gain &amp; &lt;loss&gt;', 'stake, USDC', 'gain, USDC', 'fake', 'formula'])
      assert.ok(svg.includes(`>${text}<`), text)
    for (const tick of [1, 2, 5, 10, 20, 50, 100])
      assert.ok(svg.includes(`text-anchor="middle">${tick}<`), String(tick))
    assert.equal(svg.match(/<circle /g)?.length, 2)
    assert.equal(svg.match(/<polyline /g)?.length, 2)
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/)
  })

  it('draws what is flat or alone', () => {
    const flat: Sweep = {
      ...sweep,
      xScale: 'linear',
      series: [{ name: 'flat', kind: 'points', points: [{ x: 3, y: 0, standardError: 0 }] }],
    }
    assert.doesNotMatch(drawChart(flat), /NaN|Infinity/)
  })
})
