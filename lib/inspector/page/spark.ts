const SVG = 'http://www.w3.org/2000/svg';
/** Values that are drawn: one a second for two minutes. */
const KEPT = 120;
const HEIGHT = 32;

/** A sparkline of the latest values of a figure. */
export class Spark {
  readonly element = document.createElementNS(SVG, 'svg');
  private readonly line = document.createElementNS(SVG, 'polyline');
  private readonly values: number[] = [];

  constructor() {
    for (const [name, value] of Object.entries({
      class: 'spark',
      viewBox: `0 0 ${KEPT - 1} ${HEIGHT}`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    }))
      this.element.setAttribute(name, value);
    this.line.setAttribute('vector-effect', 'non-scaling-stroke');
    this.element.append(this.line);
  }

  add(value: number): void {
    this.values.push(value);
    if (this.values.length > KEPT) this.values.shift();
    const most = Math.max(...this.values, 1);
    const points = this.values.map((each, i) => `${i},${HEIGHT - 1 - (each / most) * (HEIGHT - 2)}`);
    this.line.setAttribute('points', points.join(' '));
  }
}
