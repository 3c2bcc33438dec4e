import { element, setAttribute, setText, setTopic } from './dom.js';
import { exactTime, timeOf } from './format.js';

/** The content of a cell. */
export interface Cell {
  readonly text: string;
  /** The exact value, as a tooltip. */
  readonly title?: string | undefined;
  readonly tone?: 'good' | 'warn' | 'bad' | 'soft' | undefined;
  /** A second line. */
  readonly sub?: string | undefined;
}

export interface Column<T> {
  readonly title: string;
  readonly kind?: 'num' | 'code' | 'wide' | 'fix';
  readonly cell: (row: T) => Cell | string;
}

/** A time as a cell. */
export function timeCell(at: number): Cell {
  return { text: timeOf(at), title: exactTime(at) };
}

interface Row {
  readonly tr: HTMLTableRowElement;
  readonly cells: readonly HTMLTableCellElement[];
}

/** A live table. It updates only the cells that changed, so that the page does not jump and keeps its selection. */
export class Table<T extends { readonly id: string | number }> {
  readonly element: HTMLElement;
  private readonly table: HTMLTableElement;
  private readonly body = element('tbody');
  private readonly empty: HTMLElement;
  private rows = new Map<string | number, Row>();

  constructor(
    caption: string,
    private readonly columns: readonly Column<T>[],
    [headline, advice]: readonly [string, string],
    private readonly decorate?: (row: T, tr: HTMLTableRowElement) => void,
  ) {
    const titles = columns.map(({ title, kind = '' }) => element('th', { scope: 'col', class: kind }, title));
    this.table = element(
      'table',
      { 'aria-label': caption },
      element('thead', {}, element('tr', {}, ...titles)),
      this.body,
    );
    this.empty = element('div', { class: 'empty' }, element('strong', {}, headline), advice);
    this.element = element(
      'div',
      { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
      this.table,
      this.empty,
    );
    this.update([]);
  }

  update(rows: readonly T[]): void {
    this.table.hidden = rows.length === 0;
    this.empty.hidden = rows.length > 0;
    const next = new Map<string | number, Row>();
    for (const [i, row] of rows.entries()) {
      const known = this.rows.get(row.id) ?? this.rowOf(row);
      next.set(row.id, known);
      if (this.body.children[i] !== known.tr) this.body.insertBefore(known.tr, this.body.children[i] ?? null);
      for (const [place, column] of this.columns.entries()) show(known.cells[place]!, column.cell(row));
    }
    for (const [id, { tr }] of this.rows) if (!next.has(id)) tr.remove();
    this.rows = next;
  }

  private rowOf(row: T): Row {
    const cells = this.columns.map(({ title, kind = '' }) =>
      element('td', { class: kind, 'data-label': title }, element('div', {}, element('span'))),
    );
    const tr = element('tr', {}, ...cells);
    this.decorate?.(row, tr);
    return { tr, cells };
  }
}

function show(td: HTMLTableCellElement, given: Cell | string): void {
  const { text, title, tone, sub } = typeof given === 'string' ? ({ text: given } as Cell) : given;
  const box = td.firstElementChild!;
  const first = box.firstElementChild!;
  if (td.classList.contains('code')) setTopic(first, text);
  else setText(first, text);
  setAttribute(first, 'title', title);
  setAttribute(first, 'class', tone);
  let second = box.querySelector('span.sub');
  if (sub === undefined) second?.remove();
  else {
    if (!second) first.after((second = element('span', { class: 'sub' })));
    setText(second, sub);
  }
}
