import type { Page } from 'playwright-core';

/** What a box tells of itself where the mouse is, and where it is in its chart. */
export interface Found {
  readonly x: number;
  readonly width: number;
  readonly row: number;
  readonly facts: readonly string[];
}

/** The boxes of a chart by name: the mouse goes over all of it. */
export async function boxesOf(page: Page, id: string): Promise<Map<string, Found>> {
  await page.evaluate('new Promise(requestAnimationFrame)');
  return new Map((await page.evaluate(`(${SCAN})(${JSON.stringify(id)})`)) as [string, Found][]);
}

/** As text, since no types of a browser are known here. */
const SCAN = `(id) => {
  const chart = document.getElementById(id);
  const tooltip = document.getElementById('tooltip');
  const found = new Map();
  const { left, top } = chart.getBoundingClientRect();
  for (let row = 0; row * 20 < chart.scrollHeight - 10; row++) {
    for (let x = 1; x < chart.clientWidth; x += 10) {
      const at = { clientX: left + 1 + x, clientY: top + 11 + row * 20 - chart.scrollTop };
      chart.dispatchEvent(new MouseEvent('mousemove', at));
      if (tooltip.hidden) continue;
      const [name, ...facts] = [...tooltip.children].map((line) => line.textContent);
      const key = name.startsWith('all  ') ? 'all' : name;
      const known = found.get(key);
      if (known === undefined) found.set(key, { x, width: 10, row, facts });
      else if (known.row === row) known.width = x + 10 - known.x;
    }
  }
  chart.dispatchEvent(new MouseEvent('mouseleave'));
  return [...found];
}`;

/** Texts of a table's rows. */
export async function cellsOf(page: Page, selector: string): Promise<string[][]> {
  return page
    .locator(selector)
    .evaluateAll((rows) =>
      rows.map((row) => [...row.children].map((cell) => cell.textContent ?? '')),
    );
}
