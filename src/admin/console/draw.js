/** Small pictures. Each stands beside the words that say the same, and is hidden from screen readers. */
import { drawing, setAttribute } from './elements.js';

const barWidth = 200;
const barHeight = 10;

/**
 * How full a budget is: what was used, what running calls hold, and a tick where the time of the window is.
 */
export function createMeter() {
  const used = drawing('rect', { class: 'used', height: barHeight });
  const held = drawing('rect', { class: 'held', height: barHeight });
  const tick = drawing('rect', { class: 'tick', width: 2, y: -3, height: barHeight + 6 });
  const track = drawing('rect', { class: 'track', width: barWidth, height: barHeight });
  const node = drawing(
    'svg',
    {
      class: 'meter',
      viewBox: `0 -3 ${barWidth} ${barHeight + 6}`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    },
    track,
    used,
    held,
    tick,
  );
  return {
    node,
    /**
     * @param {number} usedShare
     * @param {number} heldShare
     * @param {number | undefined} elapsedShare Undefined: the window rolls.
     */
    update(usedShare, heldShare, elapsedShare) {
      const usedWidth = Math.min(1, usedShare) * barWidth;
      setAttribute(used, 'width', usedWidth.toFixed(1));
      setAttribute(held, 'x', usedWidth.toFixed(1));
      setAttribute(held, 'width', (Math.min(1 - usedWidth / barWidth, heldShare) * barWidth).toFixed(1));
      setAttribute(tick, 'x', ((elapsedShare ?? 0) * (barWidth - 2)).toFixed(1));
      setAttribute(tick, 'visibility', elapsedShare === undefined ? 'hidden' : 'visible');
    },
  };
}

const lineWidth = 72;
const lineHeight = 20;

/** A line of what was used, from the first to the last point in time. */
export function createSparkline() {
  const line = drawing('polyline', { class: 'line' });
  const area = drawing('polygon', { class: 'area' });
  const node = drawing(
    'svg',
    { class: 'spark', viewBox: `0 0 ${lineWidth} ${lineHeight}`, 'aria-hidden': 'true' },
    area,
    line,
  );
  return {
    node,
    /** @param {readonly (readonly [number, number])[]} history Seconds ago, and how much. */
    update(history) {
      const values = history.map(([, value]) => value);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const longest = history[0]?.[0] ?? 0;
      const isFlat = high === low || longest === 0;
      const points = history.map(([ago, value]) => {
        const x = longest === 0 ? lineWidth : (1 - ago / longest) * lineWidth;
        const y = isFlat
          ? lineHeight - 2
          : lineHeight - 2 - ((value - low) / (high - low)) * (lineHeight - 4);
        return `${x.toFixed(1)},${y.toFixed(1)}`;
      });
      setAttribute(line, 'points', points.join(' '));
      setAttribute(area, 'points', [`0,${lineHeight}`, ...points, `${lineWidth},${lineHeight}`].join(' '));
      setAttribute(node, 'visibility', history.length < 2 ? 'hidden' : 'visible');
    },
  };
}

const columnsHeight = 36;
const columnWidth = 6;

/**
 * A column for each step of time, with its bad part below in another colour and with a line through its foot.
 *
 * @param {number} count
 */
export function createColumns(count) {
  const columns = Array.from({ length: count }, (_, index) => {
    const x = index * columnWidth;
    const all = drawing('rect', { class: 'all', x, width: columnWidth - 1.5 });
    const bad = drawing('rect', { class: 'bad', x, width: columnWidth - 1.5 });
    return { all, bad };
  });
  const width = count * columnWidth;
  const ground = drawing('line', { class: 'ground', x1: 0, x2: width, y1: columnsHeight, y2: columnsHeight });
  const node = drawing(
    'svg',
    { class: 'columns', viewBox: `0 0 ${width} ${columnsHeight + 1}`, 'aria-hidden': 'true' },
    ...columns.flatMap(({ all, bad }) => [all, bad]),
    ground,
  );
  return {
    node,
    /**
     * @param {readonly number[]} all
     * @param {readonly number[]} bad
     */
    update(all, bad) {
      const highest = Math.max(1, ...all);
      columns.forEach((column, index) => {
        stand(column.all, all[index] ?? 0, highest);
        stand(column.bad, bad[index] ?? 0, highest);
      });
    },
  };
}

/**
 * @param {Element} column
 * @param {number} value
 * @param {number} highest
 */
function stand(column, value, highest) {
  // What is there is seen, however little it is.
  const height = value === 0 ? 0 : Math.max(2, (Math.min(value, highest) / highest) * columnsHeight);
  setAttribute(column, 'y', (columnsHeight - height).toFixed(1));
  setAttribute(column, 'height', height.toFixed(1));
}
